// Package card is the Connector Card: Microsoft's MessageCard, the one card
// model in the whole program. Connectors make cards, routes change them, and
// package format turns them into what each chat system takes.
//
// The model follows the "legacy actionable message card reference"
// (https://learn.microsoft.com/outlook/actionable-messages/message-card-reference)
// and the Teams deltas to it. Every text field is Markdown unless its comment
// says otherwise; text that comes from strangers goes through [Escape] first.
//
// The package is pure: it does no I/O and its values are safe to share between
// goroutines as long as nobody changes them.
package card

// Card is one Connector Card. The zero value is an empty card, which
// [Card.Validate] refuses: a card needs at least a title, a text, a summary or
// a section.
type Card struct {
	// Summary is the line a list or a notification shows.
	Summary string
	// Title is short and holds no links.
	Title string
	// Text is the card's body, in Markdown.
	Text string
	// ThemeColor is a hexadecimal colour without '#', such as "0078D7".
	ThemeColor string
	// CorrelationID, Originator, ExpectedActors and HideOriginalBody matter to
	// Outlook only; they are carried so that a card leaves as it came.
	CorrelationID    string
	Originator       string
	ExpectedActors   []string
	HideOriginalBody bool

	Sections []Section
	Actions  []Action
}

// Section is one block of a card: an activity (who did what), a text, facts
// and pictures.
type Section struct {
	Title      string
	Text       string
	StartGroup bool

	ActivityImage    string
	ActivityTitle    string
	ActivitySubtitle string
	ActivityText     string
	// ActivityImageType is "avatar" (a circle, the default) or "article" (a
	// rectangle); only Teams knows it.
	ActivityImageType string

	HeroImage *Image
	Facts     []Fact
	Images    []Image
	Actions   []Action

	// Markdown says whether the section's texts are Markdown; nil means yes.
	Markdown *bool
}

// Fact is one name and its value, drawn as a row of a table.
type Fact struct {
	Name  string
	Value string
}

// Image is a picture by address, with a tooltip.
type Image struct {
	URL   string
	Title string
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
	Type ActionType
	Name string

	// Targets belong to OpenURI: one address per operating system.
	Targets []Target
	// URLs belong to ViewAction.
	URLs []string

	// Target, Headers, Body and BodyContentType belong to HTTPPost.
	Target          string
	Headers         []Header
	Body            string
	BodyContentType string

	// Inputs and Actions belong to ActionCard.
	Inputs  []Input
	Actions []Action

	// AddInID, DesktopCommandID and InitializationContext (a JSON value, as
	// text) belong to InvokeAddInCommand.
	AddInID               string
	DesktopCommandID      string
	InitializationContext string
}

// Target is the address an OpenURI action opens on one operating system:
// "default", "windows", "iOS" or "android".
type Target struct {
	OS  string
	URI string
}

// Header is one HTTP header of an HTTPPost action.
type Header struct {
	Name  string
	Value string
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
	Type       InputType
	ID         string
	IsRequired bool
	Title      string
	Value      string

	// IsMultiline and MaxLength belong to TextInput.
	IsMultiline bool
	MaxLength   int
	// IncludeTime belongs to DateInput.
	IncludeTime bool
	// Choices, IsMultiSelect and Style ("normal", "compact" or "expanded")
	// belong to MultichoiceInput.
	Choices       []Choice
	IsMultiSelect bool
	Style         string
}

// Choice is one answer of a MultichoiceInput.
type Choice struct {
	Display string
	Value   string
}
