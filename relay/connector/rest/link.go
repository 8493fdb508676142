package rest

import (
	"regexp"
	"slices"
	"strings"
)

// Link returns the target of the first link of a relation, such as "next", in the
// answer's Link headers (RFC 8288); empty when there is none. Commas and semicolons in
// addresses and in quotes are part of them: GitHub's links have such. A link that is
// about something else than the answer does not count.
func (r Response) Link(relation string) string {
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
