package rss

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
)

// item is one item of a page and what was decided about it.
type item struct {
	*gofeed.Item
	// known is what to remember of it.
	known known
	// because says why it counts as known; it is empty for a new item.
	because reason
	// at is its index in the checkpoint's list, or -1.
	at int
	// updated says that it was posted before and has changed.
	updated bool
}

// reason is why an item counts as known.
type reason string

// The reasons. A guid is an item's identity (RSS 2.0; RFC 4287, 4.2.6). Other members
// replace only a guid that is missing or demonstrably not unique.
const (
	sameGUID       reason = "its guid is known"
	sameLink       reason = "it has no guid of its own, and its link is known"
	sameTitle      reason = "it has no guid of its own, and its title and date are known"
	guidAdded      reason = "it had no guid, and its link, title and date are known"
	rekeyed        reason = "most of the page has new guids, and its title or link is known, with its date"
	fromOlder      reason = "an earlier version of the relay knew it"
	twiceOnPage    reason = "it is on the page twice"
	beforeTheFirst reason = "it was there when the feed was first polled"
)

// judge decides which items of a page are new and which are known, and why, in the
// page's order. It changes nothing.
func judge(feed *gofeed.Feed, list []known) []item {
	m := newMatcher(feed, list)
	m.byGUID()
	m.byLegacy(feed)
	m.byStandIn()
	m.byRekey()
	m.name()
	return m.items
}

// matcher matches the items of a page with the known ones on the list.
type matcher struct {
	items []item
	known []known
	// taken says which known items have been matched.
	taken []bool
	// page and list find items of the page and of the list by what they may share.
	page, list index
}

// index finds items by something they may share.
type index map[string][]int

func (x index) add(i int, k known) {
	for _, key := range append(k.evidence(), "g"+k.GUID, "u"+k.Link, k.text()) {
		x[key] = append(x[key], i)
	}
}

// text is everything but the guid and the date.
func (k known) text() string { return "t" + k.Title + k.Link }

// evidence is what proves two items with different guids to be one: the same title or
// link in the same second or, without a date, the same title with the same link.
func (k known) evidence() []string {
	if k.Date != 0 {
		at := time.Unix(k.Date, 0).UTC().Format(time.RFC3339)
		list := []string{"n" + at + k.Title}
		if k.Link != "" {
			list = append(list, "l"+at+k.Link)
		}
		return list
	}
	if k.Link == "" && k.GUID != "" {
		return nil
	}
	list := []string{"n" + k.Title + k.Link}
	if k.GUID == "" && k.Link != "" {
		list = append(list, "n"+k.Title)
	}
	return list
}

func newMatcher(feed *gofeed.Feed, list []known) *matcher {
	m := &matcher{known: list, taken: make([]bool, len(list)), page: make(index), list: make(index)}
	seen := make(map[string]bool)
	for i, it := range feed.Items {
		m.items = append(m.items, item{Item: it, known: knownBy(feed, it), at: -1})
		if key := sameAs(feed, it); seen[key] {
			m.items[i].because = twiceOnPage
		} else {
			seen[key] = true
			m.page.add(i, m.items[i].known)
		}
	}
	for i, k := range list {
		m.list.add(i, k)
	}
	return m
}

// knownBy is what identifies an item. A link to the feed's own page identifies none.
func knownBy(feed *gofeed.Feed, it *gofeed.Item) known {
	k := known{Content: hash("content", it.Title, it.Link, it.Description, it.Content)}
	if guid := strings.TrimSpace(it.GUID); guid != "" {
		k.GUID = hash("guid", guid)
	}
	if link := strings.TrimSpace(it.Link); link != "" && strings.TrimSuffix(link, "/") != strings.TrimSuffix(strings.TrimSpace(feed.Link), "/") {
		k.Link = hash("link", link)
	}
	title := fold(it.Title)
	if title == "" {
		title = it.Description + it.Content
	}
	k.Title = hash("title", title)
	if at := published(it); !at.IsZero() {
		k.Date = at.Unix()
	}
	return k
}

// sameAs is equal for copies of one item on a page. Atom allows several versions of an
// entry (RFC 4287, 4.1.1); the first counts.
func sameAs(feed *gofeed.Feed, it *gofeed.Item) string {
	parts := []string{strings.TrimSpace(it.GUID), strings.TrimSpace(it.Link), fold(it.Title)}
	if parts[0] == "" || feed.FeedType != "atom" {
		parts = append(parts, published(it).Format(time.RFC3339))
	}
	if parts[0] == "" {
		parts = append(parts, it.Description, it.Content)
	}
	return hash(parts...)
}

// identifies reports whether a key belongs to only one item, on the page and among the
// known.
func (m *matcher) identifies(key string) bool {
	return len(key) > 1 && len(m.page[key]) == 1 && len(m.list[key]) < 2
}

// open returns the items that are not matched yet.
func (m *matcher) open() []*item {
	var list []*item
	for i := range m.items {
		if m.items[i].because == "" {
			list = append(list, &m.items[i])
		}
	}
	return list
}

// only returns the single unmatched known item with a key.
func (m *matcher) only(key string) (at int, ok bool) {
	if at := m.list[key]; len(at) == 1 && !m.taken[at[0]] {
		return at[0], true
	}
	return 0, false
}

// take matches an item with a known one.
func (m *matcher) take(it *item, at int, because reason) {
	it.at, it.because = at, because
	m.taken[at] = true
}

func (m *matcher) byGUID() {
	for _, it := range m.open() {
		if at, ok := m.only("g" + it.known.GUID); ok && m.identifies("g"+it.known.GUID) {
			m.take(it, at, sameGUID)
		}
	}
}

// byStandIn matches items whose guid is missing or not unique, and known items without
// one.
func (m *matcher) byStandIn() {
	for _, it := range m.open() {
		keyed := m.identifies("g" + it.known.GUID)
		for _, at := range m.list[it.known.text()] {
			before := m.known[at]
			if !m.taken[at] && (!keyed || before.GUID == "") && before.Date == it.known.Date && m.tell(it.known, before) {
				because := sameTitle
				if keyed {
					because = guidAdded
				}
				m.take(it, at, because)
				break
			}
		}
		if it.because != "" || keyed {
			continue
		}
		if at, ok := m.only("u" + it.known.Link); ok && m.identifies("u"+it.known.Link) && !m.known[at].another(it.known) {
			m.take(it, at, sameLink)
		} else if at, ok := m.only(it.known.text()); ok && m.identifies(it.known.text()) && m.known[at].redated(it.known) {
			m.take(it, at, sameTitle)
		}
	}
}

// tell reports whether title, link and date suffice to tell an item from others; if
// not, its text must be the same.
func (m *matcher) tell(k, before known) bool {
	return m.identifies(k.text()) || k.Content == before.Content || k.Date != 0 && m.identifies(k.evidence()[0])
}

// another reports whether two items with one link differ: in both title and date.
func (k known) another(o known) bool {
	return k.Title != o.Title && k.Date != o.Date && k.Date != 0 && o.Date != 0
}

// redated reports whether two items differ only in a date that may change.
func (k known) redated(o known) bool {
	return k.Date == 0 || o.Date == 0 || k.Content == o.Content
}

// The least numbers of items that prove a page to have new guids. Two that agree to the
// second are no accident; without dates it takes more.
const (
	rekeyedDated   = 2
	rekeyedUndated = 3
)

// byRekey matches the items of a page whose guids have all changed at once: most of
// them are known by other guids. Single items with a new guid are new.
func (m *matcher) byRekey() {
	found := make(map[int]*item)
	least, all := rekeyedDated, 0
	for i := range m.items {
		if m.items[i].because != twiceOnPage {
			all++
		}
	}
	for _, it := range m.open() {
		for _, key := range it.known.evidence() {
			if at, ok := m.only(key); ok && found[at] == nil && len(m.page[key]) == 1 {
				found[at] = it
				if it.known.Date == 0 {
					least = rekeyedUndated
				}
				break
			}
		}
	}
	if len(found) < least || 2*len(found) <= all {
		return
	}
	for at, it := range found {
		m.take(it, at, rekeyed)
	}
}

// name gives each item the ID of its event. A known item keeps its ID, unless the guids
// have changed.
func (m *matcher) name() {
	ids := make(map[string]bool)
	for _, k := range m.known {
		ids[k.ID] = true
	}
	for i := range m.items {
		it := &m.items[i]
		if it.at >= 0 && it.because != rekeyed && it.because != fromOlder {
			before := m.known[it.at]
			it.known.ID = before.ID
			if it.known.GUID == "" {
				it.known.GUID = before.GUID
			}
			continue
		}
		it.known.ID = it.known.GUID
		if !m.identifies("g"+it.known.GUID) || it.because == "" && ids[it.known.ID] {
			it.known.ID = hash("text", it.GUID, it.Link, fold(it.Title), it.Description, published(it.Item).Format(time.RFC3339))
		}
	}
}

// news splits a page into fresh items, oldest first, which includes changed ones if
// edits are wanted, and known ones.
func (c *checkpoint) news(feed *gofeed.Feed, edits bool) (fresh, old []item) {
	items := judge(feed, c.Known)
	c.learnOrder(items)
	for _, it := range items {
		if it.because == "" {
			fresh = append(fresh, it)
			continue
		}
		if it.at >= 0 {
			before := c.Known[it.at].Content
			stays := it.because != rekeyed && it.because != fromOlder
			if edits && stays && before != "" && before != it.known.Content {
				it.updated = true
				fresh = append(fresh, it)
				continue
			}
			c.Known[it.at] = it.known
		}
		old = append(old, it)
	}
	return c.oldestFirst(fresh), old
}

// baseline splits the first items ever seen of a feed into old ones and those to be
// posted. At the first poll only the newest are posted, as configured. If the feed was
// empty then, it may have been so only for a moment: items older than that poll are
// old, but at least the newest is posted.
func (c *checkpoint) baseline(items []item, first bool, initial int) (before, news []item) {
	switch {
	case len(items) == 0 && first:
		c.Since = time.Now().Unix()
		return nil, nil
	case len(items) == 0:
		return nil, nil
	case !first:
		initial = max(initial, 1)
	}
	since := c.Since
	c.Since = 0
	oldest := max(0, len(items)-initial)
	for i, it := range items {
		if i >= oldest || since != 0 && it.known.Date >= since {
			news = append(news, it)
			continue
		}
		it.because = beforeTheFirst
		before = append(before, it)
		c.Known = append(c.Known, it.known)
	}
	return before, news
}

// fold normalises titles for comparison.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// hash is a short hash: a collision, which would hide one item, takes billions of them.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawStdEncoding.EncodeToString(sum[:9])
}
