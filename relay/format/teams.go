package format

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// adaptiveVersion is the newest version that Workflows are reported to take.
const adaptiveVersion = "1.4"

// teamsLimits is what a Workflow takes: about 28 KB a message, counted after Teams
// has expanded it, so a good part of it stays free.
func teamsLimits() Limits {
	const source = "Teams, cards format: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format"
	return Limits{
		{Bytes, 20_000, "28 KB a message (https://learn.microsoft.com/connectors/teams), measured after expansion (msteams-docs#11274)"},
		{Sections, 30, "none documented; more is no card any more"},
		{SectionImages, 10, "none documented; more is no card any more"},
		{SectionActions, 6, "six are shown, " + source},
		{AddressLength, 8_000, "none documented; a longer one would crowd out the card"},
	}
}

// Teams writes an Adaptive Card for a Workflow. With envelope it is the attachment
// of a message, as the flow template "Post to a channel when a webhook request is
// received" expects it; without, it is the whole body, for flows that post that. A
// card that came as an Adaptive Card leaves as it came.
func Teams(s Settings, envelope bool) Format {
	f := Format{Name: "teams card", ContentType: contentType, Limits: teamsLimits(), inlinePictures: true, parser: markup.NewParser()}
	wrapped := func(content any) ([]byte, error) { return encode(content) }
	if envelope {
		f.Name, wrapped = "teams message", message
	}
	version := s.Version
	if version == "" {
		version = adaptiveVersion
	}
	writer := func(w *writing) adaptive { return adaptive{writing: w, dialect: teamsDialect(w), version: version} }
	f.encode = func(d draft, w *writing) (encoded, error) {
		body, err := wrapped(writer(w).card(d))
		return encoded{body: body}, err
	}
	f.own = func(c card.Card) ([]byte, bool) {
		if len(c.Adaptive) == 0 {
			return nil, false
		}
		content, err := writer(&writing{}).signed(c)
		if err != nil {
			return nil, false
		}
		body, err := wrapped(content)
		return body, err == nil
	}
	return f
}

// signed is a card that came as an Adaptive Card, with its sender above the body. All
// else stays as it came.
func (w adaptive) signed(c card.Card) (json.RawMessage, error) {
	by, ok := draft{card: c}.sender()
	if !ok {
		return c.Adaptive, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(c.Adaptive, &members); err != nil {
		return nil, fmt.Errorf("read the Adaptive Card: %w", err)
	}
	var body []json.RawMessage
	if err := json.Unmarshal(members["body"], &body); err != nil && len(members["body"]) > 0 {
		return nil, fmt.Errorf("read the Adaptive Card's body: %w", err)
	}
	var above []json.RawMessage
	for _, e := range w.activity(by) {
		part, err := encode(e)
		if err != nil {
			return nil, err
		}
		above = append(above, part)
	}
	var err error
	if members["body"], err = encode(append(above, body...)); err != nil {
		return nil, err
	}
	return encode(members)
}

// message wraps a card as Workflows expect it.
func message(content any) ([]byte, error) {
	type attachment struct {
		ContentType string  `json:"contentType"`
		ContentURL  *string `json:"contentUrl"`
		Content     any     `json:"content"`
	}
	return encode(struct {
		Type        string       `json:"type"`
		Attachments []attachment `json:"attachments"`
	}{"message", []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: content}}})
}

// teamsDialect writes the Markdown that an Adaptive Card's text block understands:
// bold, italic, lists and links
// (https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features). Only
// an empty line breaks a line in every client.
func teamsDialect(w *writing) markup.Dialect {
	f := markup.Flavour{
		Special: "\\*_[]`~", Start: "-+#>", Strong: "**", Emphasis: "*", Entities: true, Break: "\n\n",
		Defuse: teamsDefuse,
	}
	d := markup.Markdown(f)
	d.Mention = w.mention(func(p Person) string { return "<at>" + w.atName(p) + "</at>" })
	return d
}

// teamsDefuse takes the power from what Teams and Adaptive Cards make more of than
// text: functions and mentions.
func teamsDefuse(s string) string { return defuse("{{", "<at", "</at")(s) }

// atName is the name as it may stand in a mention, whose two places must be the same
// to the letter. Two people of one name are told apart by a number.
func (w *writing) atName(p Person) string {
	letters := func(p Person) string { return cmp.Or(markup.Letters(p.Name), markup.Letters(p.ID), "somebody") }
	name, same := letters(p), 0
	for _, other := range w.mentioned {
		if other == p {
			break
		}
		if letters(other) == name {
			same++
		}
	}
	if same > 0 {
		return name + " (" + strconv.Itoa(same+1) + ")"
	}
	return name
}

// adaptiveCard is an Adaptive Card.
type adaptiveCard struct {
	Schema       string           `json:"$schema,omitempty"`
	Type         string           `json:"type"`
	Version      string           `json:"version,omitempty"`
	FallbackText string           `json:"fallbackText,omitempty"`
	Body         []element        `json:"body"`
	Actions      []adaptiveAction `json:"actions,omitempty"`
	Teams        *teamsExtras     `json:"msteams,omitempty"`
}

// teamsExtras are what only Teams knows: the full width of the channel, and who is
// mentioned.
type teamsExtras struct {
	Width    string   `json:"width"`
	Entities []entity `json:"entities,omitempty"`
}

type entity struct {
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Mentioned mentioned `json:"mentioned"`
}

type mentioned struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// element is any element of an Adaptive Card's body; empty members are left out.
type element struct {
	Type              string           `json:"type"`
	Text              string           `json:"text,omitempty"`
	Wrap              bool             `json:"wrap,omitempty"`
	Weight            string           `json:"weight,omitempty"`
	Size              string           `json:"size,omitempty"`
	Color             string           `json:"color,omitempty"`
	FontType          string           `json:"fontType,omitempty"`
	Style             string           `json:"style,omitempty"`
	Spacing           string           `json:"spacing,omitempty"`
	IsSubtle          bool             `json:"isSubtle,omitempty"`
	Separator         bool             `json:"separator,omitempty"`
	Bleed             bool             `json:"bleed,omitempty"`
	URL               string           `json:"url,omitempty"`
	AltText           string           `json:"altText,omitempty"`
	Width             any              `json:"width,omitempty"`
	ImageSize         string           `json:"imageSize,omitempty"`
	FirstRowAsHeaders *bool            `json:"firstRowAsHeaders,omitempty"`
	Items             []element        `json:"items,omitempty"`
	Columns           []element        `json:"columns,omitempty"`
	Images            []element        `json:"images,omitempty"`
	Rows              []element        `json:"rows,omitempty"`
	Cells             []element        `json:"cells,omitempty"`
	Facts             []adaptiveFact   `json:"facts,omitempty"`
	Actions           []adaptiveAction `json:"actions,omitempty"`
}

type adaptiveFact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

type adaptiveAction struct {
	Type  string        `json:"type"`
	Title string        `json:"title"`
	URL   string        `json:"url,omitempty"`
	Card  *adaptiveCard `json:"card,omitempty"`
}
