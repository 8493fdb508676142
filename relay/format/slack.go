package format

import (
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// mostFields is how many fields a section block has at most.
const mostFields = 10

// Slack writes Block Kit, in an attachment, because only that has a colour. Texts
// are rich_text blocks: they hold styles as data, while mrkdwn has no way to escape
// its own marks. Links are text and no buttons: clicking a button makes Slack call
// the app, and one that has only a webhook gets a warning beside it.
func Slack() Format {
	const blocks = "https://docs.slack.dev/reference/block-kit/blocks"
	return Format{
		Name: "slack", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{Blocks, 50, blocks + ": 50 in a message"},
			{Characters, 13_000, "msg_blocks_too_long near 13,200 characters of blocks (bolt-js#2509)"},
			{FactValue, 2_000, blocks + "/section-block: a field's text"},
			{TitleLength, 3_000, blocks + "/section-block: a text; the message's own may be 40,000"},
			{AddressLength, 3_000, blocks + "/image-block: image_url"},
			{SectionImages, 10, "as many as a context block has elements"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			return slackWriter{writing: w, dialect: slackDialect(w), used: longest{}}.message(d)
		},
	}
}

// slackText escapes what begins a link or a mention, and keeps marks from being
// marks (https://docs.slack.dev/messaging/formatting-message-text): after a space
// of no width, none begins or ends anything.
func slackText(s string, _ bool) string {
	if !strings.ContainsAny(s, "&<>*_~`") {
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "`\u200b").Replace(s)
}

// slackDialect writes mrkdwn, for the places where no rich_text may stand.
func slackDialect(w *writing) markup.Dialect {
	d := markup.Markdown(markup.Flavour{Strong: "*", Emphasis: "_", Strike: "~", Autolink: true, Escape: slackText})
	d.Code = func(s string) string {
		return "`" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'").Replace(s) + "`"
	}
	d.Address = func(address string, _ bool) string { return "<" + slackAddress(address) + ">" }
	d.Link = func(label, address string) string { return "<" + slackAddress(address) + "|" + label + ">" }
	d.Picture = d.Link
	d.Mention = w.mention(func(p Person) string { return "<@" + p.ID + ">" })
	return d
}

func slackAddress(s string) string { return strings.ReplaceAll(s, "&", "&amp;") }

// slackBlock is any block, or an element of one.
type slackBlock struct {
	Type     string       `json:"type"`
	Text     any          `json:"text,omitempty"`
	Fields   []slackField `json:"fields,omitempty"`
	Elements []any        `json:"elements,omitempty"`
	ImageURL string       `json:"image_url,omitempty"`
	AltText  string       `json:"alt_text,omitempty"`
	Style    string       `json:"style,omitempty"`
	Indent   int          `json:"indent,omitempty"`
	Offset   int          `json:"offset,omitempty"`
}

type slackField struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackAttachment struct {
	Color    string       `json:"color,omitempty"`
	Fallback string       `json:"fallback,omitempty"`
	Blocks   []slackBlock `json:"blocks"`
}

type slackMessage struct {
	Text        string            `json:"text"`
	Blocks      []slackBlock      `json:"blocks,omitempty"`
	Attachments []slackAttachment `json:"attachments,omitempty"`
}

type slackWriter struct {
	*writing
	dialect markup.Dialect
	used    longest
}

func (w slackWriter) message(d draft) (encoded, error) {
	var blocks []slackBlock
	blocks = append(blocks, w.rich(d.text)...)
	for i, s := range d.sections {
		if s.card.StartGroup && i > 0 {
			blocks = append(blocks, slackBlock{Type: "divider"})
		}
		blocks = append(blocks, w.section(s)...)
	}
	blocks = append(blocks, w.rich(append(ways(d.actions), d.said()...))...)

	m := slackMessage{Text: w.dialect.Write(d.heading())}
	if m.Text == "" {
		m.Text = slackText(d.headline(), true)
	}
	if len(blocks) > 0 {
		m.Attachments = []slackAttachment{{Color: parseColour(d.card.ThemeColor).web(), Fallback: slackText(d.headline(), true), Blocks: blocks}}
	}
	if by, ok := d.sender(); ok {
		// Where there are blocks, the text is only for notifications.
		m.Blocks = append(w.activity(by), w.rich(d.heading())...)
	}
	w.used.note(TitleLength, utf8.RuneCountInString(m.Text))
	w.used.note(Blocks, len(m.Blocks)+len(blocks))
	body, err := encode(m)
	w.used.note(Characters, utf8.RuneCount(body))
	return encoded{body: body, used: w.used}, err
}

func (w slackWriter) section(s section) []slackBlock {
	blocks := w.rich(strong(s.title))
	blocks = append(blocks, w.activity(s)...)
	blocks = append(blocks, w.rich(s.activityText)...)
	blocks = append(blocks, w.rich(s.text)...)
	var fields []slackField
	for _, f := range s.facts {
		fields = append(fields, w.field(f))
	}
	for len(fields) > 0 {
		n := min(mostFields, len(fields))
		blocks = append(blocks, slackBlock{Type: "section", Fields: fields[:n:n]})
		fields = fields[n:]
	}
	for _, img := range s.pictures() {
		blocks = append(blocks, slackImage(img.URL, card.Plain(img.Title)))
	}
	return append(blocks, w.rich(ways(s.actions))...)
}

func (w slackWriter) field(f fact) slackField {
	name, value := w.dialect.Line(markup.Without(markup.Strong, f.name.Inline())), w.dialect.Write(f.value)
	if name != "" {
		name = "*" + name + "*\n"
	}
	w.used.note(FactValue, utf8.RuneCountInString(name+value))
	return slackField{Type: "mrkdwn", Text: name + value}
}

// activity is who did what, in small letters beside the picture.
func (w slackWriter) activity(s section) []slackBlock {
	line := w.dialect.Write(section{activity: s.activity, subtitle: s.subtitle}.lines())
	var elements []any
	if s.avatar != "" {
		elements = append(elements, slackImage(s.avatar, markup.Bare(s.activity)))
	}
	if line != "" {
		elements = append(elements, slackField{Type: "mrkdwn", Text: line})
		w.used.note(TitleLength, utf8.RuneCountInString(line))
	}
	if len(elements) == 0 {
		return nil
	}
	return []slackBlock{{Type: "context", Elements: elements}}
}

func slackImage(address, title string) slackBlock {
	if title == "" {
		title = "picture"
	}
	return slackBlock{Type: "image", ImageURL: address, AltText: end(title, 2000)}
}
