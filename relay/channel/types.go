package channel

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format"
)

// Type is a channel type: its payload formats, its pace, and how its answers are
// read.
type Type struct {
	Name string
	// Payloads are the contracts to choose from, the default first; empty when
	// there is only one.
	Payloads []string
	// NeedsURL says that it posts somewhere.
	NeedsURL bool
	// TakesSecret says that it can sign its requests.
	TakesSecret bool
	// Rate and Burst are the pace that the chat system allows one endpoint, in
	// deliveries a second; 0 means no limit.
	Rate  float64
	Burst int

	formats  []format.Format
	classify func(status int, header http.Header, body []byte) delivery.Outcome
}

// Types returns all channel types, by name.
func Types() []Type {
	return []Type{
		{Name: "inbox"},
		{
			// Four requests a second was the documented limit of an Office 365
			// connector's URL.
			Name: "office365", NeedsURL: true, Rate: 4, Burst: 4,
			formats: []format.Format{format.Office365()}, classify: classifyOffice365,
		},
		{
			// One a second, 60 a minute: what the Teams connector inside Power
			// Automate is reported to allow.
			Name: "teams", NeedsURL: true, Rate: 1, Burst: 4,
			Payloads: []string{"message", "card", "connector-card"},
			formats:  []format.Format{format.TeamsMessage(), format.TeamsCard(), format.TeamsConnectorCard()},
			classify: classifyWorkflow,
		},
		{
			Name: "webhook", NeedsURL: true, TakesSecret: true,
			formats: []format.Format{format.Webhook()}, classify: classifyWebhook,
		},
	}
}

func lookup(name string) (Type, error) {
	types := Types()
	i := slices.IndexFunc(types, func(t Type) bool { return t.Name == name })
	if i >= 0 {
		return types[i], nil
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name
	}
	return Type{}, fmt.Errorf("there is no channel type %q; there are %s", name, strings.Join(names, ", "))
}

// formatFor returns the format of a payload; an empty payload is the default.
func (t Type) formatFor(payload string) (format.Format, error) {
	if len(t.formats) == 0 {
		return format.Format{}, fmt.Errorf("channel type %s has no payload", t.Name)
	}
	if payload == "" {
		return t.formats[0], nil
	}
	i := slices.Index(t.Payloads, payload)
	if i < 0 {
		return format.Format{}, fmt.Errorf("channel type %s has no payload %q", t.Name, payload)
	}
	return t.formats[i], nil
}
