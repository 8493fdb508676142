package x

import (
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// version is the checkpoint's form.
const version = 1

// checkpoint is the position on each timeline, and what the month has cost.
type checkpoint struct {
	// Users are the users' numbers by their names in small letters.
	Users map[string]string `json:"users,omitempty"`
	// Since is the newest post of each timeline that was handed over.
	Since map[string]string `json:"since"`
	// Month is the one, as 2026-11, in which Read posts were read.
	Month string `json:"month"`
	Read  int    `json:"read"`
}

// recall reads the checkpoint. One that cannot be read may hide what was spent, so
// the whole budget counts as spent until the month is over.
func recall(p *connector.Poll, now time.Time) checkpoint {
	c, ok := connector.Recall[checkpoint](p, version)
	if c.Since == nil {
		c.Since = make(map[string]string)
	}
	if month := now.UTC().Format("2006-01"); c.Month != month {
		c.Month, c.Read = month, 0
	}
	if !ok && p.Checkpoint != nil {
		p.Log.Warn("the month's budget counts as spent, because what was spent is not known")
		c.Read = unknown
	}
	return c
}

// unknown is more than any budget.
const unknown = 1 << 40
