package operator

import "time"

// Connector is a configured source.
type Connector struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Enabled bool   `json:"enabled"`
	// HookURL is where its source may push; it is empty when the type does not receive.
	HookURL string `json:"hook_url,omitempty"`
	// HookUsed is when that URL was last used.
	HookUsed time.Time `json:"hook_used,omitzero"`
	// FormerHook is the URL from before the last rotation, while it still works.
	FormerHook *FormerHook `json:"former_hook,omitempty"`
	Schedule   string      `json:"schedule,omitempty"`
	Health     string      `json:"health"`
	Problem    string      `json:"problem,omitempty"`
	// Note is what the connector itself says about how it stands with its source.
	Note string `json:"note,omitempty"`
	// Suspended says, by channel, why the connector's cards do not go there.
	Suspended map[string]string `json:"suspended,omitempty"`
	// Owner is the person responsible, and Team whose connector it is.
	Owner string `json:"owner,omitempty"`
	Team  string `json:"team,omitempty"`
	// Saved says that it was made on the page; else it stands in a file.
	Saved bool `json:"saved,omitempty"`
	// Expires is when its hook ends.
	Expires   time.Time `json:"expires,omitzero"`
	LastPoll  time.Time `json:"last_poll,omitzero"`
	NextPoll  time.Time `json:"next_poll,omitzero"`
	LastEvent time.Time `json:"last_event,omitzero"`
	// Place is where a file declares it; nil when none does.
	Place *Place `json:"place,omitempty"`
}

// FormerHook is a hook URL that a rotation has replaced.
type FormerHook struct {
	URL string `json:"hook_url,omitempty"`
	// Until is when it ends, and Used when it was last used.
	Until time.Time `json:"until"`
	Used  time.Time `json:"hook_used,omitzero"`
}

// HookAnswer is what a hook has answered to a request.
type HookAnswer struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
	// Events are the numbers of the events that the request led to.
	Events []int64 `json:"events,omitempty"`
}

// PollReport is the outcome of one poll.
type PollReport struct {
	// Events counts the new ones, Known those seen before.
	Events int `json:"events"`
	Known  int `json:"known"`
	// Next is when the connector is polled again; zero means never.
	Next time.Time `json:"next_poll,omitzero"`
}
