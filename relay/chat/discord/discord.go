// Package discord is Discord, by its webhooks.
package discord

import (
	"cmp"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
)

// System returns Discord. It writes embeds. What is documented in characters is counted
// in UTF-16 units, and there are never fewer of those.
func System() chat.System {
	const embeds = "https://discord.com/developers/docs/resources/message#embed-object-embed-limits"
	form := chat.Form{
		Read: read, Address: awaited,
		Limits: size.Limits{
			size.Blocks.AtMost(10, embeds+": embeds"),
			size.Characters.AtMost(6_000, embeds+": over all embeds"),
			size.TitleLength.AtMost(256, embeds),
			size.TextLength.AtMost(4_096, embeds+": description"),
			size.AuthorLength.AtMost(256, embeds),
			size.FactName.AtMost(256, embeds),
			size.FactValue.AtMost(1_024, embeds),
			size.SectionFacts.AtMost(24, embeds+": 25 fields, one of which may hold the links"),
			size.MessageBytes.AtMost(2_000, "https://discord.com/developers/docs/resources/webhook#execute-webhook: content, in characters"),
			size.AddressLength.AtMost(2_048, "what Discord takes as a URL"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~<>|", Start: "-+#", Strong: "**", Emphasis: "*", Strike: "~~", Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true, Defuse: quiet,
			})
			dialect.Mention = w.Mention(func(p chat.Person) string { return "<@" + p.ID + ">" })
			return writer{w, dialect, size.Used{}}.message(d)
		},
	}
	return chat.System{
		Name: "discord", Summary: "A channel of Discord, by a webhook.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 0.5, Burst: 5, Source: "what it allows stands in every answer; this is what it has allowed for years"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^[0-9]{5,20}$`), Doc: "it is the user id, a number (developer mode, Copy User ID)"},
	}
}

// awaited asks Discord to answer when the message is saved: without, "a message that
// is not saved does not return an error"
// (https://discord.com/developers/docs/resources/webhook#execute-webhook).
func awaited(url string, _ chat.Settings) (string, error) {
	return chat.WithQuery(url, "wait", "true"), nil
}

// quiet doubles what allowed_mentions does.
func quiet(s string) string { return markup.Defuse("@everyone", "@here", "<@")(s) }

type embed struct {
	Title       string        `json:"title,omitempty"`
	Description string        `json:"description,omitempty"`
	URL         string        `json:"url,omitempty"`
	Color       int           `json:"color,omitempty"`
	Author      *embedAuthor  `json:"author,omitempty"`
	Fields      []embedField  `json:"fields,omitempty"`
	Image       *embedPicture `json:"image,omitempty"`
}

type embedAuthor struct {
	Name    string `json:"name"`
	IconURL string `json:"icon_url,omitempty"`
}

type embedField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline,omitempty"`
}

type embedPicture struct {
	URL string `json:"url"`
}

// allowedMentions says who may be mentioned: only those that the relay means to.
type allowedMentions struct {
	Parse []string `json:"parse"`
	Users []string `json:"users,omitempty"`
}

// empty fills the place where Discord wants a text and there is none.
const empty = markup.Joiner

type writer struct {
	*chat.Writing
	dialect markup.Dialect
	used    size.Used
}

// message makes an embed of each block. People are called in the content: in an
// embed they are only shown.
func (w writer) message(d draft.Draft) (draft.Written, error) {
	var list []embed
	total := 0
	for i, b := range d.Blocks() {
		e := w.embed(b, d.Colour())
		if i == 0 {
			e.Title, e.URL = w.dialect.Line(d.Title.Inline()), d.FirstLink()
		}
		total += w.measure(e)
		list = append(list, e)
	}
	if total == 0 {
		list[0].Title = d.Headline()
	}
	var called []string
	mentions := allowedMentions{Parse: []string{}}
	for _, p := range w.Mentioned {
		called = append(called, "<@"+p.ID+">")
		mentions.Users = append(mentions.Users, p.ID)
	}
	content := strings.Join(called, " ")
	w.used.Note(size.Characters, total)
	w.used.Note(size.Blocks, len(list))
	w.used.Note(size.MessageBytes, len(content))
	body, err := card.JSON(struct {
		Content  string          `json:"content,omitempty"`
		Embeds   []embed         `json:"embeds"`
		Mentions allowedMentions `json:"allowed_mentions"`
	}{content, list, mentions})
	return draft.Written{Body: body, Used: w.used}, err
}

func (w writer) embed(b draft.Block, c draft.Colour) embed {
	e := embed{Description: w.dialect.Write(b.Text)}
	if c.Valid {
		e.Color = max(c.Number(), 1) // 0 means none
	}
	if b.Author != "" || b.Avatar != "" {
		e.Author = &embedAuthor{Name: cmp.Or(quiet(b.Author), empty), IconURL: b.Avatar}
	}
	if b.Picture != "" {
		e.Image = &embedPicture{URL: b.Picture}
	}
	for _, f := range b.Facts {
		e.Fields = append(e.Fields, embedField{
			Name: cmp.Or(quiet(markup.Bare(f.Name)), empty), Value: cmp.Or(w.dialect.Write(f.Value), empty), Inline: f.Value.Len() <= draft.ShortFact,
		})
	}
	return e
}

// measure counts an embed's characters as Discord adds them up.
func (w writer) measure(e embed) int {
	title, description := units(e.Title), units(e.Description)
	w.used.Note(size.TitleLength, title)
	w.used.Note(size.TextLength, description)
	n := title + description
	if e.Author != nil {
		w.used.Note(size.AuthorLength, units(e.Author.Name))
		n += units(e.Author.Name)
	}
	for _, f := range e.Fields {
		w.used.Note(size.FactName, units(f.Name))
		w.used.Note(size.FactValue, units(f.Value))
		n += units(f.Name) + units(f.Value)
	}
	w.used.Note(size.SectionFacts, len(e.Fields))
	return n
}

// units is a text's length in UTF-16.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
