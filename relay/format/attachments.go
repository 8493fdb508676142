package format

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/format/markup"
)

// usernames lets a dialect mention people as both systems do. Code calls nobody either,
// should it be read as none.
func usernames(d markup.Dialect, w *writing) markup.Dialect {
	quiet := defuse("@all", "@here", "@channel", "<!")
	code, fence := d.Code, d.Fence
	d.Code = func(s string) string { return code(quiet(s)) }
	d.Fence = func(language, s string) string { return fence(language, quiet(s)) }
	d.Mention = w.mention(func(p Person) string { return "@" + strings.TrimPrefix(p.ID, "@") })
	return d
}

// quietAt puts something invisible after an "@" that would call somebody: in both
// systems a name in the text is enough.
func quietAt(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	before := ' '
	for _, r := range s {
		b.WriteRune(r)
		if r == '@' && !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			b.WriteString("\u200b")
		}
		before = r
	}
	return b.String()
}

// attachment is one block of a message of Mattermost or Rocket.Chat, which have taken
// over Slack's older form.
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

// shortField is how long the value of a fact may be to share its line with another.
const shortField = 40

type attachmentWriter struct {
	*writing
	dialect markup.Dialect
	used    longest
	// quiet keeps what is no Markdown from calling people.
	quiet func(string) string
	// callsAbove says that people are called above the attachments.
	callsAbove bool
}

func (w attachmentWriter) message(d draft) (encoded, error) {
	var list []attachment
	for _, b := range d.blocks() {
		list = append(list, w.attachment(b, parseColour(d.card.ThemeColor)))
	}
	head := &list[0]
	head.Title, head.TitleLink, head.Fallback = w.quiet(markup.Bare(d.title)), d.firstLink(), w.quiet(d.headline())
	w.used.note(TitleLength, utf8.RuneCountInString(head.Title))
	w.used.note(Blocks, len(list))
	var called []string
	if w.callsAbove {
		for _, p := range w.mentioned {
			called = append(called, "@"+strings.TrimPrefix(p.ID, "@"))
		}
	}
	body, err := encode(struct {
		Text        string       `json:"text,omitempty"`
		Attachments []attachment `json:"attachments"`
	}{strings.Join(called, " "), list})
	return encoded{body: body, used: w.used}, err
}

func (w attachmentWriter) attachment(b block, c colour) attachment {
	a := attachment{Color: c.web(), AuthorName: w.quiet(b.author), AuthorIcon: b.avatar, Text: w.dialect.Write(b.text), ImageURL: b.picture}
	if b.avatar != "" {
		a.AuthorName = orSpace(a.AuthorName)
	}
	w.used.note(TextLength, utf8.RuneCountInString(a.Text))
	for _, f := range b.facts {
		value := w.dialect.Write(f.value)
		w.used.note(TextLength, utf8.RuneCountInString(value))
		a.Fields = append(a.Fields, attachmentField{Title: w.quiet(markup.Bare(f.name)), Value: value, Short: f.value.Len() <= shortField})
	}
	return a
}
