package markup

import "strings"

// Joiner is an invisible character that keeps its neighbours apart.
const Joiner = "\u200b"

// Defuse puts something invisible into words such as "@all", after their first letter,
// so that in a stranger's text they call nobody. A text may be written in pieces: one
// that ends as a word begins gets it at its end.
func Defuse(words ...string) func(string) string {
	return func(s string) string {
		for _, w := range words {
			for strings.Contains(s, w) { // again, where it overlaps itself
				s = strings.ReplaceAll(s, w, w[:1]+Joiner+w[1:])
			}
		}
		// Marks come to stand before the space at its end.
		text := strings.TrimRight(s, " \t")
		for _, w := range words {
			for n := 1; n < len(w); n++ {
				if strings.HasSuffix(text, w[:n]) {
					return text + Joiner + s[len(text):]
				}
			}
		}
		return s
	}
}

// QuietAddresses makes a dialect write addresses so that no "@" in them calls people,
// for chat systems that look for it in addresses as well.
func QuietAddresses(d Dialect) Dialect {
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
