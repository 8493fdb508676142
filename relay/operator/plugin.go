package operator

import "time"

// Plugin is a plugin process. It leaves out the process's environment and arguments,
// which may hold secrets.
type Plugin struct {
	Name    string   `json:"name"`
	Path    string   `json:"path"`
	Bundled bool     `json:"bundled"`
	Types   []string `json:"types"`
	// Version is what the plugin says of itself.
	Version string `json:"version,omitempty"`
	Running bool   `json:"running"`
	PID     int    `json:"pid,omitempty"`
	// Memory is how many bytes of memory its process holds, where that is known.
	Memory int64 `json:"memory,omitempty"`
	// Generation counts its processes from 1, and Restarts those that came after another.
	Generation int       `json:"generation"`
	Restarts   int       `json:"restarts"`
	Problem    string    `json:"problem,omitempty"`
	Restart    time.Time `json:"restart,omitzero"`
}

// LogLine is a line of a plugin's log.
type LogLine struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}
