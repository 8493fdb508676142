package operator

import "time"

// Status is the relay at a glance.
type Status struct {
	Version    string    `json:"version"`
	Config     string    `json:"config"`
	Started    time.Time `json:"started"`
	Configured time.Time `json:"configured"`
	Listen     string    `json:"listen"`
	Dashboard  string    `json:"dashboard"`
	Connectors int       `json:"connectors"`
	Channels   int       `json:"channels"`
	Waiting    int       `json:"waiting"`
	Dead       int       `json:"dead_letters"`
	// Problems are sentences about everything that is wrong now.
	Problems []string `json:"problems"`
	// Notes are what connectors say about how they stand with their sources.
	Notes []string `json:"notes,omitempty"`
	// Quiet holds a sentence about each channel that is in its quiet hours.
	Quiet []string `json:"quiet,omitempty"`
	// Muted holds a sentence about each mute.
	Muted []string `json:"muted,omitempty"`
}
