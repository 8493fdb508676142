package rss

import (
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"github.com/connector-relay/relay/relay/connector"
)

// byLegacy matches items known to versions before 0.2, whose checkpoints hold one hash
// for each item: that of what they took for its identity. They also took links and
// titles for identities, and so lost items.
func (m *matcher) byLegacy(feed *gofeed.Feed) {
	older := make(map[string]int)
	for at, k := range m.known {
		if k.Title == "" {
			older[k.ID] = at
		}
	}
	if len(older) == 0 {
		return
	}
	guids, links := make(map[string]int), make(map[string]int)
	for _, it := range feed.Items {
		guids[canonical(it.GUID)]++
		links[canonical(it.Link)]++
	}
	for _, it := range m.open() {
		at, ok := older[olderID(it.Item, guids, links)]
		// Fragments were not part of the hash, so the text must decide.
		if ok && strings.Contains(it.GUID+it.Link, "#") {
			ok = m.known[at].Content == hash("content", it.Title, canonical(it.Link), it.Description, it.Content)
		}
		if ok && !m.taken[at] {
			m.take(it, at, fromOlder)
		}
	}
}

func olderID(it *gofeed.Item, guids, links map[string]int) string {
	guid, link := canonical(it.GUID), canonical(it.Link)
	switch {
	case guid != "" && guids[guid] == 1:
		return hash("guid", guid)
	case link != "" && links[link] == 1:
		return hash("link", link)
	}
	return hash("text", guid, link, fold(it.Title), it.Description, published(it).Format(time.RFC3339))
}

// canonical is an address without the scheme, a leading www, a trailing slash, the
// fragment and trackers' parameters.
func canonical(s string) string {
	s = strings.TrimSpace(s)
	u, err := connector.ParseURL(s)
	if err != nil {
		return s
	}
	query := u.Query()
	for name := range query {
		if tracks(strings.ToLower(name)) {
			query.Del(name)
		}
	}
	host := strings.TrimPrefix(strings.ToLower(u.Host), "www.")
	out := host + strings.TrimSuffix(u.EscapedPath(), "/")
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// tracks reports whether a parameter only tracks readers.
func tracks(name string) bool {
	switch name {
	case "fbclid", "gclid", "mc_cid", "mc_eid", "igshid", "ref_src":
		return true
	}
	return strings.HasPrefix(name, "utm_")
}
