package format

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// block is what stands together where a message is a list of blocks, such as
// attachments or embeds, of which each has one author and one picture.
type block struct {
	author  string
	avatar  string
	text    markup.Text
	facts   []fact
	picture string
}

// blocks makes one block of the card and one more of every further section and
// picture.
func (d draft) blocks() []block {
	list := []block{{text: d.text}}
	by, signed := d.sender()
	if signed {
		list[0].author, list[0].avatar = markup.Bare(by.activity), by.avatar
	}
	for i, s := range d.sections {
		// The first section is the card's own body, unless it has an author and the
		// card a text or a sender that is not the author's.
		if i > 0 || !s.activity.Empty() && !d.text.Empty() || signed && (!s.activity.Empty() || s.avatar != "") {
			list = append(list, block{})
		}
		at := len(list) - 1
		list[at].add(s)
		for j, img := range s.pictures() {
			if j == 0 {
				list[at].picture = img.URL
				continue
			}
			list = append(list, block{picture: img.URL, text: markup.Literal(card.Plain(img.Title))})
		}
	}
	last := &list[len(list)-1]
	last.text = slices.Concat(last.text, ways(d.actions), d.said())
	head := list[0]
	list = slices.DeleteFunc(list[1:], block.empty)
	return append([]block{head}, list...)
}

// add puts a section into a block. Who is mentioned in the author's line, which
// knows no marks, is mentioned in the text, and what it leads to is linked there.
func (b *block) add(s section) {
	if !s.activity.Empty() || s.avatar != "" {
		b.author, b.avatar = markup.Bare(s.activity), s.avatar
		if more := markup.Bare(s.subtitle); more != "" {
			b.author = strings.TrimPrefix(b.author+" – "+more, " – ")
		}
		s.activity, s.subtitle = beyond(s.activity, s.subtitle), nil
	}
	b.facts = s.facts
	b.text = slices.Concat(b.text, strong(s.title), s.lines(), s.text, ways(s.actions))
}

func (b block) empty() bool {
	return b.author == "" && b.avatar == "" && b.picture == "" && len(b.facts) == 0 && b.text.Empty()
}

// beyond are the people, the links and the pictures of a line that is going to be shown
// without them: they are told all the same.
func beyond(lines ...markup.Text) markup.Text {
	var list []markup.Inline
	for _, t := range lines {
		t.Walk(func(n markup.Inline) {
			if n.Kind != markup.Mention && n.URL == "" {
				return
			}
			if len(list) > 0 {
				list = append(list, markup.Inline{Kind: markup.Plain, Text: " · "})
			}
			list = append(list, n)
		})
	}
	if len(list) == 0 {
		return nil
	}
	return markup.Of(list...)
}
