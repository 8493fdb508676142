package trello

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// version is the checkpoint's form.
const version = 1

// checkpoint is the position on the board, and the webhook that was registered.
type checkpoint struct {
	Version int `json:"version"`
	// Last is the id of the newest action that was handed over.
	Last string `json:"last,omitempty"`
	// Hook is the webhook's id, Board the board it was registered for, as the
	// arguments named it.
	Hook  string `json:"hook,omitempty"`
	Board string `json:"board,omitempty"`
}

func decode(p *connector.Poll) checkpoint {
	var c checkpoint
	if p.Checkpoint == nil {
		return checkpoint{Version: version}
	}
	if err := json.Unmarshal(p.Checkpoint, &c); err != nil || c.Version != version {
		p.Log.Warn("the checkpoint cannot be read; what there is now counts as known")
		return checkpoint{Version: version}
	}
	return c
}

func (c checkpoint) encode() event.Checkpoint {
	b, err := json.Marshal(c)
	if err != nil {
		return nil // a struct of texts always encodes
	}
	return b
}

// idAt is an id such as Trello would give at a time: ids begin with the seconds, in
// hexadecimal.
func idAt(t time.Time) string { return fmt.Sprintf("%08x0000000000000000", t.Unix()) }
