package rest

import "strings"

// Link returns the target of the first link of a relation, such as "next", in the
// answer's Link headers (RFC 8288); empty when there is none. Commas and semicolons in
// addresses and quoted parameters are part of them: GitHub's links have such. A link
// that is about something else than the answer does not count.
func (r Response) Link(relation string) string {
	for _, header := range r.Header.Values("Link") {
		for header != "" {
			_, after, _ := strings.Cut(header, "<")
			target, after, ok := strings.Cut(after, ">")
			if !ok {
				break
			}
			relations, about, rest := parameters(after)
			if header = rest; about != "" {
				continue
			}
			for name := range strings.FieldsSeq(relations) {
				if strings.EqualFold(name, relation) {
					return strings.TrimSpace(target)
				}
			}
		}
	}
	return ""
}

// parameters reads a link's up to the comma before the next link. Only the first rel
// counts.
func parameters(s string) (rel, anchor, rest string) {
	found := make(map[string]string)
	for {
		s = strings.TrimLeft(s, " \t;")
		if s == "" || s[0] == ',' {
			return found["rel"], found["anchor"], s
		}
		end := strings.IndexAny(s, "=;,")
		if end < 0 {
			end = len(s)
		}
		name := strings.ToLower(strings.TrimSpace(s[:end]))
		value := ""
		if s = s[end:]; strings.HasPrefix(s, "=") {
			value, s = parameter(strings.TrimLeft(s[1:], " \t"))
		}
		if _, again := found[name]; !again {
			found[name] = value
		}
	}
}

// parameter reads a value, quoted or not.
func parameter(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ";,")
		if end < 0 {
			end = len(s)
		}
		return strings.TrimSpace(s[:end]), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
