package x

import (
	"cmp"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// version is the version of the checkpoint's format.
const version = 1

// checkpoint is the position on each timeline, and the month's cost so far.
type checkpoint struct {
	// Users holds the users' numbers by their names in lower case.
	Users map[string]string `json:"users,omitempty"`
	// Since is the newest post of each timeline that was emitted.
	Since map[string]string `json:"since"`
	// Unread is where to continue with each timeline that a poll has not read to the end.
	Unread map[string]unread `json:"unread,omitempty"`
	// Month is the month, such as 2026-11, in which Read posts were read.
	Month string `json:"month"`
	Read  int    `json:"read"`
}

// unread is the unread rest of a timeline, down to the post that its position names.
type unread struct {
	// Next is X's token for the next page, and Newest the newest post of the pages before it.
	Next   string `json:"next"`
	Newest string `json:"newest"`
}

// move moves the position on a timeline that was read to its end, and otherwise notes
// what is left. Where nothing was read, nothing changes.
func (c *checkpoint) move(name string, left unread, ended bool) {
	switch {
	case ended:
		c.Since[name] = cmp.Or(left.Newest, "1") // whatever appears on an empty timeline later is new
		delete(c.Unread, name)
	case left.Next != "":
		if c.Unread == nil {
			c.Unread = make(map[string]unread)
		}
		c.Unread[name] = left
	}
}

// recall reads the checkpoint. If it cannot be read, nobody knows what was spent, so the
// whole budget counts as spent until the month is over.
func recall(p *connector.Poll, now time.Time) checkpoint {
	c, ok := connector.Recall[checkpoint](p, version)
	if c.Since == nil {
		c.Since = make(map[string]string)
	}
	if month := now.UTC().Format("2006-01"); c.Month != month {
		c.Month, c.Read = month, 0
	}
	if !ok && p.Checkpoint != nil {
		p.Log.Warn("the month's budget counts as spent, because the checkpoint no longer says how much was")
		c.Read = unknown
	}
	return c
}

// unknown is more than any budget.
const unknown = 1 << 40
