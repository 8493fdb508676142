// Package slack is Slack, by incoming webhooks.
package slack

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// mostFields is how many fields a section block has at most.
const mostFields = 10

// System returns Slack. It writes Block Kit, in an attachment, because only that has a
// colour. Texts are rich_text blocks: they hold styles as data, while mrkdwn has no way to
// escape its own marks. Links are text and no buttons: clicking a button makes Slack call
// the app, and one that has only a webhook gets a warning beside it.
func System() chat.System {
	const blocks = "https://docs.slack.dev/reference/block-kit/blocks"
	form := chat.Form{
		Read: read,
		Limits: size.Limits{
			size.Blocks.AtMost(50, blocks+": 50 in a message"),
			size.Characters.AtMost(13_000, "msg_blocks_too_long near 13,200 characters of blocks (bolt-js#2509)"),
			size.FactValue.AtMost(2_000, blocks+"/section-block: a field's text"),
			size.TitleLength.AtMost(3_000, blocks+"/section-block: a text; the message's own may be 40,000"),
			size.AddressLength.AtMost(3_000, blocks+"/image-block: image_url"),
			size.SectionImages.AtMost(10, "as many as a context block has elements"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			return writer{Writing: w, dialect: newDialect(w), used: size.Used{}}.message(d)
		},
	}
	return chat.System{
		Name: "slack", Summary: "A channel of Slack, by an incoming webhook.",
		Settings: []chat.Setting{chat.URL()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 1, Burst: 3, Source: "https://docs.slack.dev/apis/web-api/rate-limits: one a second, with short bursts"},
		Person:   &chat.Identity{Pattern: regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`), Doc: "it is the member id from the person's profile, such as U024BE7LH"},
	}
}

// escape escapes what begins a link or a mention, and keeps marks from being
// marks (https://docs.slack.dev/messaging/formatting-message-text): after a space
// of no width, none begins or ends anything.
func escape(s string, _ bool) string {
	if !strings.ContainsAny(s, "&<>*_~`") {
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "`\u200b").Replace(s)
}

// newDialect writes mrkdwn, for the places where no rich_text may stand.
func newDialect(w *chat.Writing) markup.Dialect {
	d := markup.Markdown(markup.Flavour{Strong: "*", Emphasis: "_", Strike: "~", Autolink: true, Escape: escape})
	d.Code = func(s string) string {
		return "`" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'").Replace(s) + "`"
	}
	d.Address = func(address string, _ bool) string { return "<" + escapeAddress(address) + ">" }
	d.Link = func(label, address string) string { return "<" + escapeAddress(address) + "|" + label + ">" }
	d.Picture = d.Link
	d.Mention = w.Mention(func(p chat.Person) string { return "<@" + p.ID + ">" })
	return d
}

func escapeAddress(s string) string { return strings.ReplaceAll(s, "&", "&amp;") }

// block is any block, or an element of one.
type block struct {
	Type     string  `json:"type"`
	Text     any     `json:"text,omitempty"`
	Fields   []field `json:"fields,omitempty"`
	Elements []any   `json:"elements,omitempty"`
	ImageURL string  `json:"image_url,omitempty"`
	AltText  string  `json:"alt_text,omitempty"`
	Style    string  `json:"style,omitempty"`
	Indent   int     `json:"indent,omitempty"`
	Offset   int     `json:"offset,omitempty"`
}

type field struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type attachment struct {
	Color    string  `json:"color,omitempty"`
	Fallback string  `json:"fallback,omitempty"`
	Blocks   []block `json:"blocks"`
}

type message struct {
	Text        string       `json:"text"`
	Blocks      []block      `json:"blocks,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type writer struct {
	*chat.Writing
	dialect markup.Dialect
	used    size.Used
}

func (w writer) message(d draft.Draft) (draft.Written, error) {
	var blocks []block
	blocks = append(blocks, w.rich(d.Text)...)
	for i, s := range d.Sections {
		if s.Card.StartGroup && i > 0 {
			blocks = append(blocks, block{Type: "divider"})
		}
		blocks = append(blocks, w.section(s)...)
	}
	blocks = append(blocks, w.rich(append(draft.Ways(d.Actions), d.Said()...))...)

	m := message{Text: w.dialect.Write(d.Heading())}
	if m.Text == "" {
		m.Text = escape(d.Headline(), true)
	}
	if len(blocks) > 0 {
		m.Attachments = []attachment{{Color: d.Colour().Web(), Fallback: escape(d.Headline(), true), Blocks: blocks}}
	}
	if by, ok := d.Sender(); ok {
		// Where there are blocks, the text is only for notifications.
		m.Blocks = append(w.activity(by), w.rich(d.Heading())...)
	}
	w.used.Note(size.TitleLength, utf8.RuneCountInString(m.Text))
	w.used.Note(size.Blocks, len(m.Blocks)+len(blocks))
	body, err := card.JSON(m)
	w.used.Note(size.Characters, utf8.RuneCount(body))
	return draft.Written{Body: body, Used: w.used}, err
}

func (w writer) section(s draft.Section) []block {
	blocks := w.rich(draft.Strong(s.Title))
	blocks = append(blocks, w.activity(s)...)
	blocks = append(blocks, w.rich(s.ActivityText)...)
	blocks = append(blocks, w.rich(s.Text)...)
	var fields []field
	for _, f := range s.Facts {
		fields = append(fields, w.field(f))
	}
	for len(fields) > 0 {
		n := min(mostFields, len(fields))
		blocks = append(blocks, block{Type: "section", Fields: fields[:n:n]})
		fields = fields[n:]
	}
	for _, img := range s.Pictures() {
		blocks = append(blocks, image(img.URL, card.Plain(img.Title)))
	}
	return append(blocks, w.rich(draft.Ways(s.Actions))...)
}

func (w writer) field(f draft.Fact) field {
	name, value := w.dialect.Line(markup.Without(markup.Strong, f.Name.Inline())), w.dialect.Write(f.Value)
	if name != "" {
		name = "*" + name + "*\n"
	}
	w.used.Note(size.FactValue, utf8.RuneCountInString(name+value))
	return field{Type: "mrkdwn", Text: name + value}
}

// activity is who did what, in small letters beside the picture.
func (w writer) activity(s draft.Section) []block {
	line := w.dialect.Write(draft.Section{Activity: s.Activity, Subtitle: s.Subtitle}.Lines())
	var elements []any
	if s.Avatar != "" {
		elements = append(elements, image(s.Avatar, markup.Bare(s.Activity)))
	}
	if line != "" {
		elements = append(elements, field{Type: "mrkdwn", Text: line})
		w.used.Note(size.TitleLength, utf8.RuneCountInString(line))
	}
	if len(elements) == 0 {
		return nil
	}
	return []block{{Type: "context", Elements: elements}}
}

func image(address, title string) block {
	if title == "" {
		title = "picture"
	}
	return block{Type: "image", ImageURL: address, AltText: markup.End(title, 2000)}
}

// read reads the answer of an incoming webhook: "ok", or a word that says what
// is wrong, whatever the status
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors).
// A text that is too long, or a block too many, makes the blocks or the attachment
// around them invalid (sourcegraph-public-snapshot#49979, bolt-python#914).
func read(a answer.Answer) answer.Reading {
	text := strings.TrimSpace(string(a.Body))
	word := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz_"))]
	switch word {
	case "ok":
		if a.OK() && text == "ok" {
			return a.Is(delivery.VerdictDelivered)
		}
	case "msg_too_long", "msg_blocks_too_long", "too_many_attachments", "invalid_blocks", "invalid_attachments":
		return a.TooLarge()
	case "invalid_payload", "no_text", "invalid_blocks_format":
		return a.Is(delivery.VerdictRejected)
	case "no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled", "channel_not_found", "channel_is_archived",
		"action_prohibited", "posting_to_general_channel_denied", "invalid_token", "user_not_found", "token_revoked":
		return a.Is(delivery.VerdictRefused)
	case "rollup_error", "fatal_error", "internal_error":
		return a.Is(delivery.VerdictFailed)
	case "rate_limited", "ratelimited":
		return a.Is(delivery.VerdictThrottled)
	}
	if a.OK() {
		return a.WrongType(`"ok" as a Slack webhook does`)
	}
	return a.ByStatus()
}
