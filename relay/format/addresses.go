package format

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// Addresses that a chat system would not take are dropped before anything is made
// smaller, because no shortening makes them right.

// dropLinks drops the links in texts whose addresses are longer.
func dropLinks(d *draft, most int) int {
	dropped := 0
	clean := func(t *markup.Text) {
		clean, n := t.WithoutLinks(func(address string) bool { return len(address) > most })
		*t = clean
		dropped += n
	}
	for _, t := range append(texts(d), titles(d)...) {
		clean(t)
	}
	for i := range d.sections {
		for j := range d.sections[i].facts {
			clean(&d.sections[i].facts[j].name)
			clean(&d.sections[i].facts[j].value)
		}
	}
	if len(d.titleLink) > most {
		d.titleLink = ""
		dropped++
	}
	return dropped
}

// dropActions drops those whose addresses are longer, in forms as well.
func dropActions(d *draft, most int) int {
	dropped := 0
	long := func(a card.Action) bool {
		if len(a.URL()) <= most {
			return false
		}
		dropped++
		return true
	}
	for _, list := range actionLists(d) {
		*list = slices.DeleteFunc(*list, long)
		for i := range *list {
			a := &(*list)[i]
			a.Actions = slices.DeleteFunc(slices.Clone(a.Actions), long)
		}
	}
	return dropped
}

// dropImages drops pictures whose addresses are longer, and, unless inline, those that
// are in the card itself.
func dropImages(d *draft, most int, inline bool) int {
	dropped := 0
	bad := func(address string) bool {
		if len(address) <= most && (inline || !strings.HasPrefix(strings.ToLower(address), "data:")) {
			return false
		}
		dropped++
		return true
	}
	for i := range d.sections {
		s := &d.sections[i]
		if bad(s.avatar) {
			s.avatar = ""
		}
		if s.hero != nil && bad(s.hero.URL) {
			s.hero = nil
		}
		s.images = slices.DeleteFunc(s.images, func(img card.Image) bool { return bad(img.URL) })
	}
	return dropped
}

// quietAddresses makes a dialect write addresses so that no "@" in them calls people,
// where chat systems look for it in addresses as well.
func quietAddresses(d markup.Dialect) markup.Dialect {
	link, picture, plain := d.Link, d.Picture, d.Address
	d.Link = func(label, address string) string { return link(label, quietAddress(address)) }
	d.Picture = func(label, address string) string { return picture(label, quietAddress(address)) }
	if plain != nil {
		d.Address = func(address string, ends bool) string { return plain(quietAddress(address), ends) }
	}
	return d
}

// quietAddress encodes each "@" that comes after an address's host, where it means the
// same.
func quietAddress(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	host, path, found := strings.Cut(rest, "/")
	if !found {
		return s
	}
	return scheme + "://" + host + "/" + strings.ReplaceAll(path, "@", "%40")
}
