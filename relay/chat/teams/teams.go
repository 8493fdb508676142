// Package teams is Microsoft Teams, by the flows of its Workflows app.
package teams

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/connectorcard"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/office365"
	"github.com/connector-relay/relay/relay/chat/size"
)

// newestVersion is the newest version of Adaptive Cards that Workflows are reported to
// take, and the setting that names another.
const (
	newestVersion = "1.4"
	versionName   = "card_version"
)

// System returns Teams.
func System() chat.System {
	connector := office365.Form() // which newer flow templates are reported to show, without its buttons
	connector.Name, connector.Read = "connector-card", read
	return chat.System{
		Name: "teams", Summary: "A channel or chat in Microsoft Teams, by a flow that starts when a webhook request is received.",
		Settings: []chat.Setting{
			chat.URL(),
			chat.Setting{
				Name: versionName, Kind: chat.Text, Doc: "the newest version of Adaptive Cards to use",
				Allowed: []string{"1.2", "1.3", "1.4", "1.5"}, Default: newestVersion,
			}.In("message", "card"),
			chat.Answer(),
		},
		Forms:           []chat.Form{adaptiveForm("message", message), adaptiveForm("card", card.JSON), connector},
		Interchangeable: true,
		Rate: chat.Rate{
			PerSecond: 0.9, Burst: 4,
			Source: "the Teams connector inside of a flow allows 100 calls a minute, and a post may take more than one (powerapps-docs#1304)",
		},
		Person: &chat.Identity{
			Pattern: regexp.MustCompile(`^[^\s<>@]+@[^\s<>@]+$|^[0-9a-fA-F-]{36}$`),
			Doc:     "it is the person's sign-in name, such as ada@example.com, or object id in Entra",
		},
		Retired: retired,
	}
}

// retired recognises the addresses that flows had before they moved, in any of Azure's clouds: logic.azure.com,
// logic.azure.us, logic.azure.cn. Logic Apps in Azure itself have such addresses too, and keep them
// (https://learn.microsoft.com/troubleshoot/power-platform/power-automate/flow-run-issues/triggers-troubleshoot).
func retired(u *url.URL) string {
	labels := strings.Split(strings.ToLower(u.Hostname()), ".")
	n := len(labels)
	if n < 3 || labels[n-3] != "logic" || labels[n-2] != "azure" {
		return ""
	}
	return "Power Automate has moved: flows' addresses at logic.azure.com stopped working on 30 November 2025. Open the flow, copy the new URL of its trigger " +
		"(at environment.api.powerplatform.com), and use that. A Logic App of your own in Azure keeps its address."
}

// adaptiveForm writes an Adaptive Card for a Workflow, wrapped as the flow wants it. A
// card that arrived as an Adaptive Card is sent unchanged. A message has about 28 KB,
// counted after Teams has expanded it, so a good part of it stays free.
func adaptiveForm(name string, wrap func(any) ([]byte, error)) chat.Form {
	const format = "Teams, cards format: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format"
	newWriter := func(w *chat.Writing) writer {
		return writer{Writing: w, dialect: newDialect(w), version: cmp.Or(w.Settings.Text(versionName), newestVersion)}
	}
	return chat.Form{
		Name: name, InlinePictures: true, Read: read,
		Limits: size.Limits{
			size.Bytes.AtMost(20_000, "28 KB a message (https://learn.microsoft.com/connectors/teams), measured after expansion (msteams-docs#11274)"),
			size.Sections.AtMost(30, "none documented; with more it is no longer one card"),
			size.SectionImages.AtMost(10, "none documented; with more it is no longer one card"),
			size.SectionActions.AtMost(6, "six are shown, "+format),
			size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			body, err := wrap(newWriter(w).card(d))
			return draft.Written{Body: body}, err
		},
		Own: func(c card.Card) ([]byte, bool) {
			if len(c.Adaptive) == 0 {
				return nil, false
			}
			content, err := newWriter(&chat.Writing{}).signed(c)
			if err != nil {
				return nil, false
			}
			body, err := wrap(content)
			return body, err == nil
		},
	}
}

// signed is a card that came as an Adaptive Card, with its sender above the body. All
// else stays as it came.
func (w writer) signed(c card.Card) (json.RawMessage, error) {
	by, ok := draft.Draft{Card: c}.Sender()
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
		part, err := card.JSON(e)
		if err != nil {
			return nil, err
		}
		above = append(above, part)
	}
	var err error
	if members["body"], err = card.JSON(append(above, body...)); err != nil {
		return nil, err
	}
	return card.JSON(members)
}

// message wraps a card as Workflows expect it.
func message(content any) ([]byte, error) {
	type attachment struct {
		ContentType string  `json:"contentType"`
		ContentURL  *string `json:"contentUrl"`
		Content     any     `json:"content"`
	}
	return card.JSON(struct {
		Type        string       `json:"type"`
		Attachments []attachment `json:"attachments"`
	}{"message", []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: content}}})
}

// newDialect writes the Markdown that an Adaptive Card's text block understands:
// bold, italic, lists and links
// (https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features). Only
// an empty line breaks a line in every client.
func newDialect(w *chat.Writing) markup.Dialect {
	f := markup.Flavour{
		Special: "\\*_[]`~", Start: "-+#>", Strong: "**", Emphasis: "*", Entities: true, Break: "\n\n",
		Defuse: connectorcard.Quiet,
	}
	d := markup.Markdown(f)
	d.Mention = w.Mention(func(p chat.Person) string { return "<at>" + atName(w, p) + "</at>" })
	return d
}

// atName returns the name for a mention, whose two places must be the same to the letter. A number distinguishes two
// people with the same name.
func atName(w *chat.Writing, p chat.Person) string {
	letters := func(p chat.Person) string { return cmp.Or(markup.Letters(p.Name), markup.Letters(p.ID), "somebody") }
	name, same := letters(p), 0
	for _, other := range w.Mentioned {
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
