package rest

import (
	"regexp"
	"slices"
	"strings"
)

// Link returns the first link in the answer's Link headers that has a relation, such as
// "next" (RFC 8288); empty when there is none. It skips links with an anchor, which are
// not about the answer itself.
func (r Response) Link(relation string) string {
	// Addresses, such as GitHub's, and quoted titles may hold commas and semicolons.
	links := regexp.MustCompile(`<([^>]*)>((?:[^,"]|"(?:[^"\\]|\\.)*")*)`)
	parameters := regexp.MustCompile(`;\s*([^\s=;]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*)))?`)
	for _, link := range links.FindAllStringSubmatch(strings.Join(r.Header.Values("Link"), ","), -1) {
		found := make(map[string]string)
		for _, p := range parameters.FindAllStringSubmatch(link[2], -1) {
			if name := strings.ToLower(p[1]); found[name] == "" { // only the first counts
				found[name] = p[2] + p[3]
			}
		}
		named := func(s string) bool { return strings.EqualFold(s, relation) }
		if found["anchor"] == "" && slices.ContainsFunc(strings.Fields(found["rel"]), named) {
			return strings.TrimSpace(link[1])
		}
	}
	return ""
}
