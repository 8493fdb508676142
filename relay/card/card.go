// Package card is the Connector Card: Microsoft's MessageCard, the only card model in
// the program. Connectors make cards, routes change them, and the chat systems turn
// them into their own payloads.
//
// The model follows the "legacy actionable message card reference"
// (https://learn.microsoft.com/outlook/actionable-messages/message-card-reference)
// and the Teams deltas to it. Every text field is Markdown unless its comment
// says otherwise; text that comes from strangers goes through [Escape] first.
//
// The package is pure: it does no I/O and its values are safe to share between
// goroutines as long as nobody changes them.
package card

import "encoding/json"

// Card is one Connector Card. The zero value is an empty card, which
// [Card.Validate] refuses: a card needs at least a title, a text, a summary or
// a section.
type Card struct {
	// Summary is the line a list or a notification shows.
	Summary string `json:"summary,omitempty"`
	// Title is short and holds no links.
	Title string `json:"title,omitempty"`
	// Text is the card's body, in Markdown.
	Text string `json:"text,omitempty"`
	// ThemeColor is a hexadecimal colour without '#', such as "0078D7".
	ThemeColor string `json:"themeColor,omitempty"`
	// CorrelationID, Originator, ExpectedActors and HideOriginalBody matter only to
	// Outlook; they are kept so that a card leaves as it came.
	CorrelationID    string   `json:"correlationId,omitempty"`
	Originator       string   `json:"originator,omitempty"`
	ExpectedActors   []string `json:"expectedActors,omitempty"`
	HideOriginalBody bool     `json:"hideOriginalBody,omitempty"`

	Sections []Section `json:"sections,omitempty"`
	Actions  []Action  `json:"potentialAction,omitempty"`

	// Sender is the name under which the card is posted, shown above the title. The
	// reference does not have it; the retired connectors posted under their names.
	Sender *Sender `json:"sender,omitempty"`

	// Adaptive is the Adaptive Card that this card was made from, for systems that take
	// those. Whoever changes the card must remove it.
	Adaptive json.RawMessage `json:"adaptiveCard,omitempty"`
}

// Sender is a name, which is not Markdown, and a picture.
type Sender struct {
	Name  string `json:"name,omitempty"`
	Image string `json:"image,omitempty"`
}

// Section is one block of a card: an activity (who did what), a text, facts
// and pictures.
type Section struct {
	Title      string `json:"title,omitempty"`
	Text       string `json:"text,omitempty"`
	StartGroup bool   `json:"startGroup,omitempty"`

	ActivityImage    string `json:"activityImage,omitempty"`
	ActivityTitle    string `json:"activityTitle,omitempty"`
	ActivitySubtitle string `json:"activitySubtitle,omitempty"`
	ActivityText     string `json:"activityText,omitempty"`
	// ActivityImageType is "avatar" (a circle, the default) or "article" (a
	// rectangle); only Teams knows it.
	ActivityImageType string `json:"activityImageType,omitempty"`

	HeroImage *Image   `json:"heroImage,omitempty"`
	Facts     []Fact   `json:"facts,omitempty"`
	Images    []Image  `json:"images,omitempty"`
	Actions   []Action `json:"potentialAction,omitempty"`

	// Markdown says whether the section's texts are Markdown; nil means yes.
	Markdown *bool `json:"markdown,omitempty"`
}

// Fact is one name and its value, drawn as a row of a table.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Image is a picture by address, with a tooltip.
type Image struct {
	URL   string `json:"image"`
	Title string `json:"title,omitempty"`
}

// ActionType names what an action does.
type ActionType string

// The action types of the card reference. ViewAction is the older spelling of
// OpenUri: it is read and written back as it came, and [Action.URL] answers for
// both.
const (
	OpenURI            ActionType = "OpenUri"
	HTTPPost           ActionType = "HttpPOST"
	ActionCard         ActionType = "ActionCard"
	InvokeAddInCommand ActionType = "InvokeAddInCommand"
	ViewAction         ActionType = "ViewAction"
)

// Action is one button. Which fields mean something depends on Type.
type Action struct {
	Type ActionType `json:"@type"`
	Name string     `json:"name"`

	// Targets belong to OpenURI: one address per operating system.
	Targets []Target `json:"targets,omitempty"`
	// Target belongs to HTTPPost and ViewAction.
	Target Destination `json:"target,omitzero"`
	// Headers, Body and BodyContentType belong to HTTPPost.
	Headers         []Header `json:"headers,omitempty"`
	Body            string   `json:"body,omitempty"`
	BodyContentType string   `json:"bodyContentType,omitempty"`

	// Inputs and Actions belong to ActionCard.
	Inputs  []Input  `json:"inputs,omitempty"`
	Actions []Action `json:"actions,omitempty"`

	// AddInID, DesktopCommandID and InitializationContext (a JSON value, as
	// text) belong to InvokeAddInCommand.
	AddInID               string          `json:"addInId,omitempty"`
	DesktopCommandID      string          `json:"desktopCommandId,omitempty"`
	InitializationContext json.RawMessage `json:"initializationContext,omitempty"`
}

// Destination is where an action leads: one address, which JSON has as a string,
// or in a ViewAction a list of them.
type Destination struct {
	URL  string
	List []string
}

// Target is the address an OpenURI action opens on one operating system:
// "default", "windows", "iOS" or "android".
type Target struct {
	OS  string `json:"os"`
	URI string `json:"uri"`
}

// Header is one HTTP header of an HTTPPost action.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// InputType names what an ActionCard's input asks for.
type InputType string

// The input types of the card reference.
const (
	TextInput        InputType = "TextInput"
	DateInput        InputType = "DateInput"
	MultichoiceInput InputType = "MultichoiceInput"
)

// Input is one field of an ActionCard's form.
type Input struct {
	Type       InputType `json:"@type"`
	ID         string    `json:"id"`
	IsRequired bool      `json:"isRequired,omitempty"`
	Title      string    `json:"title,omitempty"`
	Value      string    `json:"value,omitempty"`

	// IsMultiline and MaxLength belong to TextInput.
	IsMultiline bool `json:"isMultiline,omitempty"`
	MaxLength   int  `json:"maxLength,omitempty"`
	// IncludeTime belongs to DateInput.
	IncludeTime bool `json:"includeTime,omitempty"`
	// Choices, IsMultiSelect and Style ("normal", "compact" or "expanded")
	// belong to MultichoiceInput.
	Choices       []Choice `json:"choices,omitempty"`
	IsMultiSelect bool     `json:"isMultiSelect,omitempty"`
	Style         string   `json:"style,omitempty"`
}

// Choice is one answer of a MultichoiceInput.
type Choice struct {
	Display string `json:"display"`
	Value   string `json:"value"`
}
