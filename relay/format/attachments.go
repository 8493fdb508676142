package format

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/format/markup"
)

// usernames lets a dialect mention people as both systems do.
func usernames(d markup.Dialect, w *writing) markup.Dialect {
	d.Mention = w.mention(func(p Person) string { return "@" + strings.TrimPrefix(p.ID, "@") }, func(s string) string { return d.Text(s, false) })
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
	// callsAbove says that people are called above the attachments.
	callsAbove bool
}

// message makes an attachment of the card and one more of every further section:
// an attachment has one author and one picture.
func (w attachmentWriter) message(d draft) (encoded, error) {
	head := attachment{Title: quietAt(markup.Bare(d.title)), TitleLink: d.firstLink(), Fallback: quietAt(d.headline())}
	w.used.note(TitleLength, utf8.RuneCountInString(head.Title))
	list := []attachment{head}
	texts := []markup.Text{slices.Clone(d.text)}
	for i, s := range d.sections {
		// The first section is the card's own body, unless it has an author and the
		// card a text that is not the author's.
		if i > 0 || !s.activity.Empty() && !d.text.Empty() {
			list, texts = append(list, attachment{}), append(texts, nil)
		}
		last := len(list) - 1
		texts[last] = append(texts[last], w.section(&list[last], s)...)
		for _, img := range s.pictures() {
			if list[last].ImageURL != "" {
				texts[last] = append(texts[last], markup.Of(picture(img))...)
				continue
			}
			list[last].ImageURL = img.URL
		}
		texts[last] = append(texts[last], ways(s.actions)...)
	}
	last := len(list) - 1
	texts[last] = append(append(texts[last], ways(d.actions)...), d.said()...)
	for i := range list {
		list[i].Color = parseColour(d.card.ThemeColor).web()
		list[i].Text = w.dialect.Write(texts[i])
		w.used.note(TextLength, utf8.RuneCountInString(list[i].Text))
	}
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

// section fills an attachment with a section and returns its text.
func (w attachmentWriter) section(a *attachment, s section) markup.Text {
	if !s.activity.Empty() || s.avatar != "" {
		a.AuthorName, a.AuthorIcon = quietAt(markup.Bare(s.activity)), s.avatar
		if a.AuthorName == "" {
			a.AuthorName = " "
		}
		if more := quietAt(markup.Bare(s.subtitle)); more != "" {
			a.AuthorName = strings.TrimSpace(a.AuthorName + " – " + more)
		}
		s.activity, s.subtitle = people(s.activity), nil
	}
	for _, f := range s.facts {
		value := w.dialect.Write(f.value)
		w.used.note(TextLength, utf8.RuneCountInString(value))
		a.Fields = append(a.Fields, attachmentField{Title: quietAt(markup.Bare(f.name)), Value: value, Short: f.value.Len() <= shortField})
	}
	return append(append(strong(s.title), s.lines()...), s.text...)
}

// people are the mentions of a line that is going to be shown without them: they
// are told all the same.
func people(t markup.Text) markup.Text {
	var list []markup.Inline
	t.Walk(func(n markup.Inline) {
		if n.Kind == markup.Mention {
			list = append(list, n)
		}
	})
	if len(list) == 0 {
		return nil
	}
	return markup.Of(list...)
}
