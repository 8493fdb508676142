// Package attachments writes cards as the message attachments of Mattermost and
// Rocket.Chat, which have both taken over Slack's older form.
package attachments

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
)

// Usernames lets a dialect mention people as both systems do. Code calls nobody either,
// should it be read as none.
func Usernames(d markup.Dialect, w *chat.Writing) markup.Dialect {
	quiet := markup.Defuse("@all", "@here", "@channel", "<!")
	code, fence := d.Code, d.Fence
	d.Code = func(s string) string { return code(quiet(s)) }
	d.Fence = func(language, s string) string { return fence(language, quiet(s)) }
	d.Mention = w.Mention(func(p chat.Person) string { return "@" + strings.TrimPrefix(p.ID, "@") })
	return d
}

// QuietAt puts something invisible after an "@" that would call somebody: in both
// systems a name in the text is enough.
func QuietAt(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	before := ' '
	for _, r := range s {
		b.WriteRune(r)
		if r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			b.WriteString(markup.Joiner)
		}
		before = r
	}
	return b.String()
}

// attachment is one block of a card.
type attachment struct {
	Fallback   string            `json:"fallback,omitempty"`
	Color      string            `json:"color,omitempty"`
	AuthorName string            `json:"author_name,omitempty"`
	AuthorIcon string            `json:"author_icon,omitempty"`
	Title      string            `json:"title,omitempty"`
	TitleLink  string            `json:"title_link,omitempty"`
	Text       string            `json:"text,omitempty"`
	Fields     []attachmentField `json:"fields,omitempty"`
	ImageURL   string            `json:"image_url,omitempty"`
}

type attachmentField struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

// Writer is how one of the systems writes them.
type Writer struct {
	*chat.Writing
	Dialect markup.Dialect
	// Quiet keeps what is no Markdown from calling people.
	Quiet func(string) string
	// CallsAbove says that people are called above the attachments.
	CallsAbove bool

	used size.Used
}

// Write writes a draft.
func (w Writer) Write(d draft.Draft) (draft.Written, error) {
	w.used = make(size.Used)
	var list []attachment
	for _, b := range d.Blocks() {
		list = append(list, w.attachment(b, d.Colour()))
	}
	head := &list[0]
	head.Title, head.TitleLink, head.Fallback = w.Quiet(markup.Bare(d.Title)), d.FirstLink(), w.Quiet(d.Headline())
	w.used.Note(size.TitleLength, utf8.RuneCountInString(head.Title))
	w.used.Note(size.Blocks, len(list))
	var called []string
	if w.CallsAbove {
		for _, p := range w.Mentioned {
			called = append(called, "@"+strings.TrimPrefix(p.ID, "@"))
		}
	}
	body, err := card.JSON(struct {
		Text        string       `json:"text,omitempty"`
		Attachments []attachment `json:"attachments"`
	}{strings.Join(called, " "), list})
	return draft.Written{Body: body, Used: w.used}, err
}

func (w Writer) attachment(b draft.Block, c draft.Colour) attachment {
	a := attachment{Color: c.Web(), AuthorName: w.Quiet(b.Author), AuthorIcon: b.Avatar, Text: w.Dialect.Write(b.Text), ImageURL: b.Picture}
	if b.Avatar != "" {
		a.AuthorName = cmp.Or(a.AuthorName, " ")
	}
	w.used.Note(size.TextLength, utf8.RuneCountInString(a.Text))
	for _, f := range b.Facts {
		value := w.Dialect.Write(f.Value)
		w.used.Note(size.TextLength, utf8.RuneCountInString(value))
		a.Fields = append(a.Fields, attachmentField{Title: w.Quiet(markup.Bare(f.Name)), Value: value, Short: f.Value.Len() <= draft.ShortFact})
	}
	return a
}
