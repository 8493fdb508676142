package github

import (
	"encoding/json"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// version is the checkpoint's form.
const version = 1

// checkpoint is the position in either way in.
type checkpoint struct {
	Version int `json:"version"`
	// ETag and Last are of the Events API: the newest page, and the number of the
	// newest event that was handed over. Known says that there was a first poll.
	ETag  string `json:"etag,omitempty"`
	Last  int64  `json:"last,omitempty"`
	Known bool   `json:"known,omitempty"`
	// Hook is the webhook whose address is HookURL, and Delivery the newest of its
	// deliveries that has been looked at.
	Hook     int64  `json:"hook,omitempty"`
	HookURL  string `json:"hook_url,omitempty"`
	Delivery int64  `json:"delivery,omitempty"`
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
		return nil // a struct of numbers and texts always encodes
	}
	return b
}
