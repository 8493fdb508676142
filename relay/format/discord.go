package format

import (
	"cmp"
	"strings"
	"unicode/utf16"

	"github.com/connector-relay/relay/relay/format/markup"
)

// Discord writes embeds. What is documented in characters is counted in UTF-16 units,
// of which there are never fewer.
func Discord() Format {
	const embeds = "https://discord.com/developers/docs/resources/message#embed-object-embed-limits"
	return Format{
		Name: "discord", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{Blocks, 10, embeds + ": embeds"},
			{Characters, 6_000, embeds + ": over all embeds"},
			{TitleLength, 256, embeds},
			{TextLength, 4_096, embeds + ": description"},
			{AuthorLength, 256, embeds},
			{FactName, 256, embeds},
			{FactValue, 1_024, embeds},
			{SectionFacts, 24, embeds + ": 25 fields, of which one may be the links'"},
			{MessageBytes, 2_000, "https://discord.com/developers/docs/resources/webhook#execute-webhook: content, in characters"},
			{AddressLength, 2_048, "what Discord takes as a URL"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~<>|", Start: "-+#", Strong: "**", Emphasis: "*", Strike: "~~", Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true, Defuse: discordDefuse,
			})
			dialect.Mention = w.mention(func(p Person) string { return "<@" + p.ID + ">" })
			return discordWriter{w, dialect, longest{}}.message(d)
		},
	}
}

// discordDefuse doubles what allowed_mentions does.
func discordDefuse(s string) string { return defuse("@everyone", "@here", "<@")(s) }

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

// allowedMentions says who may be called: nobody but those whom the relay means.
type allowedMentions struct {
	Parse []string `json:"parse"`
	Users []string `json:"users,omitempty"`
}

// empty stands where Discord wants a text and there is none.
const empty = "\u200b"

type discordWriter struct {
	*writing
	dialect markup.Dialect
	used    longest
}

// message makes an embed of each block. People are called in the content: in an
// embed they are only shown.
func (w discordWriter) message(d draft) (encoded, error) {
	var list []embed
	total := 0
	for i, b := range d.blocks() {
		e := w.embed(b, parseColour(d.card.ThemeColor))
		if i == 0 {
			e.Title, e.URL = w.dialect.Line(d.title.Inline()), d.firstLink()
		}
		total += w.measure(e)
		list = append(list, e)
	}
	if total == 0 {
		list[0].Title = d.headline()
	}
	var called []string
	mentions := allowedMentions{Parse: []string{}}
	for _, p := range w.mentioned {
		called = append(called, "<@"+p.ID+">")
		mentions.Users = append(mentions.Users, p.ID)
	}
	content := strings.Join(called, " ")
	w.used.note(Characters, total)
	w.used.note(Blocks, len(list))
	w.used.note(MessageBytes, len(content))
	body, err := encode(struct {
		Content  string          `json:"content,omitempty"`
		Embeds   []embed         `json:"embeds"`
		Mentions allowedMentions `json:"allowed_mentions"`
	}{content, list, mentions})
	return encoded{body: body, used: w.used}, err
}

func (w discordWriter) embed(b block, c colour) embed {
	e := embed{Description: w.dialect.Write(b.text)}
	if c.valid {
		e.Color = max(c.number(), 1) // 0 means none
	}
	if b.author != "" || b.avatar != "" {
		e.Author = &embedAuthor{Name: cmp.Or(discordDefuse(b.author), empty), IconURL: b.avatar}
	}
	if b.picture != "" {
		e.Image = &embedPicture{URL: b.picture}
	}
	for _, f := range b.facts {
		e.Fields = append(e.Fields, embedField{
			Name: cmp.Or(discordDefuse(markup.Bare(f.name)), empty), Value: cmp.Or(w.dialect.Write(f.value), empty), Inline: f.value.Len() <= shortField,
		})
	}
	return e
}

// measure counts an embed's characters as Discord adds them up.
func (w discordWriter) measure(e embed) int {
	title, description := units(e.Title), units(e.Description)
	w.used.note(TitleLength, title)
	w.used.note(TextLength, description)
	n := title + description
	if e.Author != nil {
		w.used.note(AuthorLength, units(e.Author.Name))
		n += units(e.Author.Name)
	}
	for _, f := range e.Fields {
		w.used.note(FactName, units(f.Name))
		w.used.note(FactValue, units(f.Value))
		n += units(f.Name) + units(f.Value)
	}
	w.used.note(SectionFacts, len(e.Fields))
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
