package operator

import "time"

// Plugin is a plugin process. It leaves out the process's environment and arguments,
// which may hold secrets.
type Plugin struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Bundled    bool      `json:"bundled"`
	Types      []string  `json:"types"`
	Running    bool      `json:"running"`
	PID        int       `json:"pid,omitempty"`
	Generation int       `json:"generation"`
	Problem    string    `json:"problem,omitempty"`
	Restart    time.Time `json:"restart,omitzero"`
}
