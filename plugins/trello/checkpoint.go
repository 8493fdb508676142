package trello

import (
	"fmt"
	"time"
)

// version is the version of the checkpoint's format.
const version = 1

// checkpoint is the position on the board, and the webhook that was registered.
type checkpoint struct {
	// Last is the id of the newest action that was emitted.
	Last string `json:"last,omitempty"`
	// Hook is the webhook's id, Board the board it was registered for, as the
	// arguments named it.
	Hook  string `json:"hook,omitempty"`
	Board string `json:"board,omitempty"`
}

// idAt returns an id such as Trello would create at a time: ids begin with the seconds,
// in hexadecimal.
func idAt(t time.Time) string { return fmt.Sprintf("%08x0000000000000000", t.Unix()) }
