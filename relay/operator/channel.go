package operator

import (
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// Channel is a configured chat endpoint and its lane.
type Channel struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Team is whose channel it is; it is empty for one that belongs to no team.
	Team   string             `json:"team,omitempty"`
	Lane   delivery.LaneState `json:"lane"`
	Pause  delivery.Pause     `json:"pause,omitempty"`
	Reason string             `json:"reason,omitempty"`
	Since  time.Time          `json:"since,omitzero"`
	// Draining says that it pauses when what waits now has been sent.
	Draining bool      `json:"draining,omitempty"`
	Next     time.Time `json:"next,omitzero"`
	Waiting  int       `json:"waiting"`
	Dead     int       `json:"dead_letters"`
	Oldest   time.Time `json:"oldest,omitzero"`
	// Place is where it is configured; nil when it no longer is.
	Place *Place `json:"place,omitempty"`
}
