package reference

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/chat"
)

// ChannelType is a channel type as its chat system describes it.
type ChannelType struct {
	Type     string     `json:"type"`
	Summary  string     `json:"summary"`
	Settings []Argument `json:"settings"`
	// Rate is in cards a second, Burst how many may go at once; 0 means any number.
	Rate       float64 `json:"rate"`
	Burst      int     `json:"burst"`
	RateSource string  `json:"rate_source"`
	Limits     []Limit `json:"limits"`
}

// Limit is how much of something a chat system accepts, in one part or in the whole payload.
type Limit struct {
	Payload string `json:"payload,omitempty"`
	Most    int    `json:"most"`
	Unit    string `json:"unit"`
	Source  string `json:"source"`
}

// DescribeChannel describes a chat system's channels.
func DescribeChannel(s chat.System) ChannelType {
	t := ChannelType{
		Type: s.Name, Summary: s.Summary, Settings: []Argument{}, Limits: []Limit{},
		Rate: s.Rate.PerSecond, Burst: s.Rate.Burst, RateSource: s.Rate.Source,
	}
	for _, setting := range s.All() {
		arg := Argument{
			Name: setting.Name, Type: string(setting.Kind), Required: setting.Required, Secret: setting.Secret, Allowed: setting.Allowed, Doc: setting.Doc,
		}
		switch {
		case setting.Kind == chat.Flag:
			arg.Default = json.RawMessage(setting.Default)
		case setting.Default != "":
			arg.Default = json.RawMessage(strconv.Quote(setting.Default))
		}
		if len(setting.Forms) > 0 {
			arg.Doc += " (with payload " + strings.Join(setting.Forms, " or ") + ")"
		}
		t.Settings = append(t.Settings, arg)
	}
	for _, f := range s.Forms {
		for _, l := range f.Limits {
			t.Limits = append(t.Limits, Limit{Payload: f.Name, Most: l.Most, Unit: string(l.Unit), Source: l.Source})
		}
	}
	return t
}
