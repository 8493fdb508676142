package rss

import (
	"regexp"
	"strings"
)

// authors returns the names of an item's authors, from the first place that has any.
// The address of a person without a name serves as one; a machine's does not.
func (w *writer) authors(e article) []string {
	var mails []string
	for _, list := range e.authors {
		var names []string
		for _, one := range list[:min(len(list), maxAuthors)] {
			for _, p := range peopleOf(w.line(one, 4*maxName)) {
				switch {
				case p.name != "":
					names = appendNew(names, cut(p.name, maxName))
				case p.mail != "" && !machine.MatchString(p.mail):
					mails = appendNew(mails, cut(p.mail, maxName))
				}
			}
		}
		if len(names) > 0 {
			return names[:min(len(names), maxAuthors)]
		}
	}
	return mails[:min(len(mails), maxAuthors)]
}

// machine matches addresses without a person behind them.
var machine = regexp.MustCompile(`(?i)^(no-?reply|do-?not-?reply|nobody)\b`)

func appendNew(list []string, s string) []string {
	for _, other := range list {
		if strings.EqualFold(other, s) {
			return list
		}
	}
	return append(list, s)
}

type person struct{ name, mail string }

// mail matches an address closely enough to tell it from a name.
const mail = `(?:mailto:)?([^\s<>()@,;"]+@[^\s<>()@,;"]+)`

var (
	bareMail = regexp.MustCompile(`^[<(]?` + mail + `[>)]?$`)
	mailName = regexp.MustCompile(`^[<(]?` + mail + `[>)]?[\s,:–-]*[(<"]?([^()<>]*(?:\([^()]*\))?[^()<>]*?)[)>"]?$`)
	nameMail = regexp.MustCompile(`^"?([^"<>]*?)"?\s*[\s,<(\[]` + mail + `[>)\]]?$`)
	between  = regexp.MustCompile(`\s*[,;]\s*|\s+(?:and|&)\s+`)
)

// peopleOf reads the forms in which feeds name people: "mail (Name)", as RSS specifies,
// "Name <mail>", "Name (mail)", either alone, or several of them.
func peopleOf(s string) []person {
	if strings.Count(s, "@") < 2 {
		return []person{personOf(s)}
	}
	var list []person
	for _, part := range between.Split(s, maxAuthors) {
		list = append(list, personOf(part))
	}
	return list
}

func personOf(s string) person {
	s = strings.TrimSpace(s)
	if m := bareMail.FindStringSubmatch(s); m != nil {
		return person{mail: m[1]}
	}
	if m := mailName.FindStringSubmatch(s); m != nil {
		return person{name: strings.TrimSpace(m[2]), mail: m[1]}
	}
	if m := nameMail.FindStringSubmatch(s); m != nil {
		return person{name: strings.TrimSpace(m[1]), mail: m[2]}
	}
	return person{name: s}
}
