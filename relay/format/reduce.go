package format

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
)

// said counts what was left out, in words; nothing for none.
func said(n int, what string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + what + " left out"
	}
	return fmt.Sprintf("%d %ss left out", n, what)
}

func countImages(c card.Card) int {
	n := 0
	for _, s := range c.Sections {
		n += len(s.Images)
		if s.HeroImage != nil {
			n++
		}
		if s.ActivityImage != "" {
			n++
		}
	}
	return n
}

// keepImages keeps that many pictures, first come, first kept.
func keepImages(c *card.Card, keep int) string {
	dropped := 0
	take := func() bool {
		if keep > 0 {
			keep--
			return true
		}
		dropped++
		return false
	}
	for i := range c.Sections {
		s := &c.Sections[i]
		if s.ActivityImage != "" && !take() {
			s.ActivityImage = ""
		}
		if s.HeroImage != nil && !take() {
			s.HeroImage = nil
		}
		kept := s.Images[:0]
		for _, img := range s.Images {
			if take() {
				kept = append(kept, img)
			}
		}
		s.Images = kept
	}
	return said(dropped, "picture")
}

// shortenFacts cuts the names and values of facts to a length in bytes.
func shortenFacts(c *card.Card, keep int) string {
	cut := 0
	for i := range c.Sections {
		for j := range c.Sections[i].Facts {
			f := &c.Sections[i].Facts[j]
			if len(f.Name) > keep || len(f.Value) > keep {
				f.Name, f.Value = end(f.Name, keep), end(f.Value, keep)
				cut++
			}
		}
	}
	switch cut {
	case 0:
		return ""
	case 1:
		return "1 fact cut short"
	}
	return fmt.Sprintf("%d facts cut short", cut)
}

// keepFacts keeps that many facts, over all sections.
func keepFacts(c *card.Card, keep int) string {
	dropped := 0
	for i := range c.Sections {
		s := &c.Sections[i]
		n := min(keep, len(s.Facts))
		dropped += len(s.Facts) - n
		s.Facts = s.Facts[:n]
		keep -= n
	}
	return said(dropped, "fact")
}

// texts are all running texts of a card.
func texts(c *card.Card) []*string {
	list := []*string{&c.Text}
	for i := range c.Sections {
		s := &c.Sections[i]
		list = append(list, &s.Title, &s.Text, &s.ActivityTitle, &s.ActivitySubtitle, &s.ActivityText)
	}
	return list
}

func longestText(c card.Card) int {
	n := 0
	for _, t := range texts(&c) {
		n = max(n, len(*t))
	}
	return n
}

// shortenTexts takes the middle out of texts longer than keep bytes: how they
// begin and how they end says most.
func shortenTexts(c *card.Card, keep int) string {
	cut := false
	for _, t := range texts(c) {
		if len(*t) > keep {
			*t, cut = middle(*t, keep), true
		}
	}
	if cut {
		return "the middle of the text left out"
	}
	return ""
}

// keepSections keeps that many sections. A link in a section that goes moves to
// the card when the card has none.
func keepSections(c *card.Card, keep int) string {
	if keep >= len(c.Sections) {
		return ""
	}
	dropped := c.Sections[keep:]
	c.Sections = c.Sections[:keep]
	for _, s := range dropped {
		for _, a := range s.Actions {
			if a.URL() != "" && !hasLink(*c) {
				c.Actions = append(c.Actions, a)
			}
		}
	}
	return said(len(dropped), "section")
}

func hasLink(c card.Card) bool {
	for _, a := range c.Actions {
		if a.URL() != "" {
			return true
		}
	}
	for _, s := range c.Sections {
		for _, a := range s.Actions {
			if a.URL() != "" {
				return true
			}
		}
	}
	return false
}

func countActions(c card.Card) int {
	n := len(c.Actions)
	for _, s := range c.Sections {
		n += len(s.Actions)
	}
	return n
}

// keepActions keeps that many actions, links first, because a person can always
// follow a link to the rest.
func keepActions(c *card.Card, keep int) string {
	dropped := 0
	for _, links := range []bool{true, false} {
		pick := func(list []card.Action) []card.Action {
			var kept []card.Action
			for _, a := range list {
				isLink := a.URL() != "" && len(a.URL()) <= longestURL
				if isLink != links {
					kept = append(kept, a)
					continue
				}
				if keep > 0 {
					keep--
					kept = append(kept, a)
					continue
				}
				dropped++
			}
			return kept
		}
		c.Actions = pick(c.Actions)
		for i := range c.Sections {
			c.Sections[i].Actions = pick(c.Sections[i].Actions)
		}
	}
	return said(dropped, "action")
}

// names are the title and what else is short by nature.
func names(c *card.Card) []*string {
	list := []*string{&c.Title, &c.Summary}
	for i := range c.Actions {
		list = append(list, &c.Actions[i].Name)
	}
	for i := range c.Sections {
		for j := range c.Sections[i].Actions {
			list = append(list, &c.Sections[i].Actions[j].Name)
		}
	}
	return list
}

func longestName(c card.Card) int {
	n := 0
	for _, name := range names(&c) {
		n = max(n, len(*name))
	}
	return n
}

// shortenNames cuts the title and the names of actions.
func shortenNames(c *card.Card, keep int) string {
	cut := false
	for _, name := range names(c) {
		if len(*name) > keep {
			*name, cut = end(*name, keep), true
		}
	}
	if cut {
		return "the title cut short"
	}
	return ""
}

// end cuts a text to n bytes at a rune, with an ellipsis.
func end(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.TrimRight(s[:runeStart(s, max(0, n-len("…")))], " \\") + "…"
}

// middle takes the middle out of a text, at runes and, where it can, at lines.
func middle(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const gap = "\n\n…\n\n"
	half := (n - len(gap)) / 2
	if half < 8 {
		return end(s, n)
	}
	head, tail := runeStart(s, half), runeStart(s, len(s)-half)
	return strings.TrimRight(s[:head], " \\") + gap + strings.TrimLeft(s[tail:], " ")
}

// runeStart moves an index back to where a rune begins.
func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}
