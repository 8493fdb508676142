package rss

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
)

// item is one item of a feed with what it is known by.
type item struct {
	*gofeed.Item
	known known
	// updated says that it was posted before and has changed.
	updated bool
}

// identify gives each item its identities, in the feed's order. A GUID that
// several items share says nothing about which one it is, so their links or texts
// tell them apart.
func identify(feed *gofeed.Feed) []item {
	guids, links := make(map[string]int), make(map[string]int)
	for _, it := range feed.Items {
		guids[canonical(it.GUID)]++
		links[canonical(it.Link)]++
	}
	items := make([]item, 0, len(feed.Items))
	for _, it := range feed.Items {
		k := known{Content: hash("content", it.Title, canonical(it.Link), it.Description, it.Content)}
		link := canonical(it.Link)
		if link != "" && links[link] == 1 {
			k.Link = hash("link", link)
		}
		if it.Title != "" {
			k.Title = hash("title", link, fold(it.Title))
		}
		switch guid := canonical(it.GUID); {
		case guid != "" && guids[guid] == 1:
			k.ID = hash("guid", guid)
		case k.Link != "":
			k.ID = k.Link
		default:
			k.ID = hash("text", guid, link, fold(it.Title), it.Description, published(it).Format(time.RFC3339))
		}
		items = append(items, item{Item: it, known: k})
	}
	return items
}

// news returns what is not known yet, oldest first, and, when edits are wanted,
// what has changed. Items that are known by another identity (a feed whose GUIDs
// have all changed) are adopted without a word.
func (c *checkpoint) news(feed *gofeed.Feed, edits bool) []item {
	byID, byLink, byTitle := make(map[string]int), make(map[string]int), make(map[string]int)
	for i, k := range c.Known {
		byID[k.ID] = i + 1
		if k.Link != "" {
			byLink[k.Link] = i + 1
		}
		if k.Title != "" {
			byTitle[k.Title] = i + 1
		}
	}
	seen := make(map[string]bool)
	var fresh []item
	for _, it := range identify(feed) {
		if seen[it.known.ID] {
			continue
		}
		seen[it.known.ID] = true
		at := firstOf(byID[it.known.ID], byLink[it.known.Link], byTitle[it.known.Title])
		if at == 0 {
			fresh = append(fresh, it)
			continue
		}
		before := c.Known[at-1]
		changed := before.Content != it.known.Content
		if edits && changed && before.Content != "" {
			it.updated = true
			fresh = append(fresh, it)
			continue
		}
		c.Known[at-1] = it.known
	}
	return oldestFirst(fresh)
}

func firstOf(list ...int) int {
	for _, n := range list {
		if n != 0 {
			return n
		}
	}
	return 0
}

// oldestFirst sorts by date. Items of the same second, and undated ones, keep the
// reverse of the feed's order, because feeds put the newest first.
func oldestFirst(items []item) []item {
	slices.Reverse(items)
	dated := 0
	for _, it := range items {
		if !published(it.Item).IsZero() {
			dated++
		}
	}
	if dated < len(items) {
		// A date for some says nothing about the others' places.
		return items
	}
	slices.SortStableFunc(items, func(a, b item) int { return published(a.Item).Compare(published(b.Item)) })
	return items
}

// published is when an item appeared; zero when it does not say.
func published(it *gofeed.Item) time.Time {
	switch {
	case it.PublishedParsed != nil:
		return *it.PublishedParsed
	case it.UpdatedParsed != nil:
		return *it.UpdatedParsed
	}
	return time.Time{}
}

// canonical makes addresses comparable: without the scheme, a leading www, a
// trailing slash, the fragment and what trackers add. Text that is no address
// stays as it is.
func canonical(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
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

// tracks reports whether a parameter only says where a reader came from.
func tracks(name string) bool {
	switch name {
	case "fbclid", "gclid", "mc_cid", "mc_eid", "igshid", "ref_src":
		return true
	}
	return strings.HasPrefix(name, "utm_")
}

// fold makes titles comparable.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// hash is short: a collision would hide one item, and needs billions of them.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawStdEncoding.EncodeToString(sum[:9])
}
