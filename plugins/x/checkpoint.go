package x

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// version is the checkpoint's form.
const version = 1

// checkpoint is the position on each timeline, and what the month has cost.
type checkpoint struct {
	Version int `json:"version"`
	// Users are the users' numbers by their names in small letters.
	Users map[string]string `json:"users,omitempty"`
	// Since is the newest post of each timeline that was handed over.
	Since map[string]string `json:"since"`
	// Month is the one, as 2026-11, in which Read posts were read.
	Month string `json:"month"`
	Read  int    `json:"read"`
}

// decode reads the checkpoint. One that cannot be read may hide what was spent, so
// the whole budget counts as spent until the month is over.
func decode(p *connector.Poll, now time.Time) checkpoint {
	month := now.UTC().Format("2006-01")
	c := checkpoint{Version: version, Month: month, Since: make(map[string]string)}
	if p.Checkpoint == nil {
		return c
	}
	var kept checkpoint
	if err := json.Unmarshal(p.Checkpoint, &kept); err != nil || kept.Version != version {
		p.Log.Warn("the checkpoint cannot be read; the month's budget counts as spent, and what there is then counts as known")
		c.Read = unknown
		return c
	}
	if kept.Since == nil {
		kept.Since = make(map[string]string)
	}
	if kept.Month != month {
		kept.Month, kept.Read = month, 0
	}
	return kept
}

// unknown is more than any budget.
const unknown = 1 << 40

func (c checkpoint) encode() event.Checkpoint {
	b, err := json.Marshal(c)
	if err != nil {
		return nil // texts and numbers always encode
	}
	return b
}
