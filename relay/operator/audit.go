package operator

import "time"

// Audited says who did something, or was not allowed to.
type Audited struct {
	ID   int64     `json:"entry"`
	Time time.Time `json:"time"`
	// Who is the person, and Via how she came in, such as "session" or "token ci".
	Who string `json:"who"`
	Via string `json:"via"`
	// Action is what was done, such as "replay", and Subject to what, such as "channel ops".
	Action  string `json:"action"`
	Subject string `json:"subject,omitempty"`
	// Outcome is "done", "refused" or "failed".
	Outcome string `json:"outcome"`
	// Detail is a line for people.
	Detail string `json:"detail,omitempty"`
}

// The outcomes of what was done.
const (
	Done    = "done"
	Refused = "refused"
	Failed  = "failed"
)
