package draft

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// Block is one element where a chat system shows a card as a list of blocks, such as
// attachments or embeds, each with one author and one picture.
type Block struct {
	Author  string
	Avatar  string
	Text    markup.Text
	Facts   []Fact
	Picture string
}

// Blocks makes one block from the card and one more from every further section and picture.
func (d Draft) Blocks() []Block {
	list := []Block{{Text: d.Text}}
	by, signed := d.Sender()
	if signed {
		list[0].Author, list[0].Avatar = markup.Bare(by.Activity), by.Avatar
	}
	for i, s := range d.Sections {
		// The first section is the card's own body, unless it has an author and the
		// card a text or a sender that is not the author's.
		if i > 0 || !s.Activity.Empty() && !d.Text.Empty() || signed && (!s.Activity.Empty() || s.Avatar != "") {
			list = append(list, Block{})
		}
		at := len(list) - 1
		list[at].add(s)
		for j, img := range s.Pictures() {
			if j == 0 {
				list[at].Picture = img.URL
				continue
			}
			list = append(list, Block{Picture: img.URL, Text: markup.Literal(card.Plain(img.Title))})
		}
	}
	last := &list[len(list)-1]
	last.Text = slices.Concat(last.Text, Ways(d.Actions), d.Said())
	head := list[0]
	list = slices.DeleteFunc(list[1:], Block.empty)
	return append([]Block{head}, list...)
}

// ShortFact is how long the value of a fact may be, in characters, to share its line with
// another where a chat system can show two.
const ShortFact = 40

// add puts a section into a block. People and links in the author's line, which supports
// no markup, are repeated in the text.
func (b *Block) add(s Section) {
	if !s.Activity.Empty() || s.Avatar != "" {
		b.Author, b.Avatar = markup.Bare(s.Activity), s.Avatar
		if more := markup.Bare(s.Subtitle); more != "" {
			b.Author = strings.TrimPrefix(b.Author+" – "+more, " – ")
		}
		s.Activity, s.Subtitle = Beyond(s.Activity, s.Subtitle), nil
	}
	b.Facts = s.Facts
	b.Text = slices.Concat(b.Text, Strong(s.Title), s.Lines(), s.Text, Ways(s.Actions))
}

func (b Block) empty() bool {
	return b.Author == "" && b.Avatar == "" && b.Picture == "" && len(b.Facts) == 0 && b.Text.Empty()
}

// Beyond returns the people, links and pictures of lines that will be shown without them,
// so that they can be shown elsewhere.
func Beyond(lines ...markup.Text) markup.Text {
	var list []markup.Inline
	for _, t := range lines {
		t.Walk(func(n markup.Inline) {
			if n.Kind == markup.Mention || n.URL != "" {
				list = append(list, n)
			}
		})
	}
	return markup.Join(list, " · ")
}
