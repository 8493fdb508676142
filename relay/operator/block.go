package operator

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/form"
)

// ConnectorType is a type of connectors that people can add.
type ConnectorType struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	Version string `json:"version,omitempty"`
	// Plugin is the plugin that has the type.
	Plugin string `json:"plugin,omitempty"`
	// Icon is a picture, SVG or PNG, in base64.
	Icon []byte `json:"icon,omitempty"`
	// Polls and Receives say how its events come, and SignsIn that a person may have to
	// sign in at the source.
	Polls    bool `json:"polls"`
	Receives bool `json:"receives"`
	SignsIn  bool `json:"signs_in"`
	// Schedule is how often a connector polls that does not say.
	Schedule string       `json:"schedule,omitempty"`
	Fields   []form.Field `json:"fields"`
	Kinds    []Kind       `json:"kinds"`
}

// Kind is one kind of a connector type's events.
type Kind struct {
	Kind string `json:"kind"`
	Doc  string `json:"doc,omitempty"`
	// Noise says that such events come only if a connector asks for them.
	Noise bool `json:"noise,omitempty"`
	// Card is a sample.
	Card json.RawMessage `json:"card,omitempty"`
}

// Draft is a connector that somebody is about to save: a filled-in form or, where the form
// cannot say it, HCL.
type Draft struct {
	Filled *form.Filled `json:"filled,omitempty"`
	// HCL is one connector block.
	HCL string `json:"hcl,omitempty"`
	// Revision is that of the saved connector which this changes, as for a form.
	Revision int64 `json:"revision,omitempty"`
}

// Name is the connector's name, as far as it can be read.
func (d Draft) Name() string {
	if d.Filled != nil {
		return d.Filled.Name
	}
	_, name, _ := form.Label(d.HCL)
	return name
}

// Drafted is what a draft comes to.
type Drafted struct {
	// HCL is the block that would be saved.
	HCL string `json:"hcl,omitempty"`
	// Filled is the form that says the same; nil when there is none.
	Filled *form.Filled `json:"filled,omitempty"`
	// Mistakes keep it from being saved; Notes are what else a person should know.
	Mistakes []form.Mistake `json:"mistakes,omitempty"`
	Notes    []form.Mistake `json:"notes,omitempty"`
}

// Trial is what a connector found that is not saved yet.
type Trial struct {
	Events []Event `json:"events"`
	// Samples says that the events are the type's samples, because its source sends them
	// of its own accord.
	Samples bool `json:"samples,omitempty"`
	// Note is what the connector says about how it stands with its source, and Problem why
	// it found nothing.
	Note    string `json:"note,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Block is a saved connector: one that somebody made on the page.
type Block struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	// Owner is the person responsible, and Team whose connector it is.
	Owner string `json:"owner,omitempty"`
	Team  string `json:"team,omitempty"`
	// HCL is the block. It holds no secrets.
	HCL string `json:"hcl"`
	// Filled is the form that says the same; nil when the form cannot, and then Beyond says
	// what it cannot say.
	Filled *form.Filled `json:"filled,omitempty"`
	Beyond string       `json:"beyond,omitempty"`
	// Problem says why the connector does not run; it is empty when it does. Declared says
	// that it is because a file declares a connector of the same name.
	Problem  string `json:"problem,omitempty"`
	Declared bool   `json:"declared,omitempty"`
	// Revision counts how often it was saved; Saved is when it last was, and SavedBy by
	// whom.
	Revision int64     `json:"revision"`
	Saved    time.Time `json:"saved"`
	SavedBy  string    `json:"saved_by,omitempty"`
}

// Exported is the saved connectors as one configuration file.
type Exported struct {
	HCL string `json:"hcl"`
	// Connectors counts them.
	Connectors int `json:"connectors"`
}

// Verbatim says that a terminal shows the file as it is.
func (Exported) Verbatim() {}

// MistakenError is [ErrInvalid] for a draft, with its mistakes.
type MistakenError struct{ Mistakes []form.Mistake }

// Error implements error.
func (e *MistakenError) Error() string {
	lines := []string{ErrInvalid.Error() + " connector"}
	for _, m := range e.Mistakes {
		lines = append(lines, m.Field+": "+m.Message)
		if m.Field == "" {
			lines[len(lines)-1] = m.Message
		}
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the meaning.
func (e *MistakenError) Unwrap() error { return ErrInvalid }
