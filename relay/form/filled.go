package form

import (
	"fmt"

	"github.com/connector-relay/relay/relay/secret"
)

// Filled is a filled-in form. It cannot print what was typed, because that may be a
// secret.
type Filled struct {
	Type string `json:"type"`
	Name string `json:"name"`
	// Owner is the person responsible, and Team the one team whose connector it is.
	Owner    string `json:"owner,omitempty"`
	Team     string `json:"team,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
	// Arguments are texts by the argument's name, as a browser posts them; an empty one
	// says nothing. Secrets are among them on the way in and never on the way out.
	Arguments map[string]string `json:"arguments,omitempty"`
	// Kept are the secrets, by argument or [FieldPath], that are stored and stay as they
	// are unless Arguments or Path has another.
	Kept       []string `json:"kept,omitempty"`
	Schedule   string   `json:"schedule,omitempty"`
	MaxSilence string   `json:"max_silence,omitempty"`
	// Path is a further path at which the hook answers, as secret as the hook's URL.
	Path string `json:"path,omitempty"`
	// Expires is the day, or the time, from which on the hook accepts nothing.
	Expires string `json:"expires,omitempty"`
	// Channels get the cards, and Kinds are the kinds of events that they get; none means
	// what the type posts by default.
	Channels []string `json:"channels,omitempty"`
	Kinds    []string `json:"kinds,omitempty"`
	// Condition is an expression about the event, or empty.
	Condition string `json:"condition,omitempty"`
	// Revision is that of the saved block which this changes; 0 for a new one.
	Revision int64 `json:"revision,omitempty"`
}

// Format implements [fmt.Formatter].
func (f Filled) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "[form of %s %s]", f.Type, f.Name) }

// Mistake is something wrong with one field.
type Mistake struct {
	// Field is one of the constants, or [ArgumentField] of an argument; it is empty when no
	// particular one is at fault.
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// The fields that every form has.
const (
	FieldName       = "name"
	FieldOwner      = "owner"
	FieldTeam       = "team"
	FieldDisabled   = "disabled"
	FieldSchedule   = "schedule"
	FieldMaxSilence = "max_silence"
	FieldPath       = "path"
	FieldExpires    = "expires"
	FieldChannels   = "channels"
	FieldKinds      = "kinds"
	FieldCondition  = "condition"
)

// ArgumentField is the field of an argument, whose name may be that of another field.
func ArgumentField(argument string) string { return "argument." + argument }

// Written is a form as HCL.
type Written struct {
	// HCL is one connector block, formatted.
	HCL string
	// Secrets are those that were given, by the names that the block uses for them:
	// NAME.ARGUMENT, and NAME.path. One that is kept is not among them.
	Secrets map[string]secret.Value
}

// SecretName is what a block calls the secret of one of its arguments.
func SecretName(connector, argument string) string { return connector + "." + argument }
