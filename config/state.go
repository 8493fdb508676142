package config

import (
	"path/filepath"
	"strings"
)

// State is where a relay keeps what outlives it, and where its operators reach it. All of
// it follows from relay.store.
type State struct {
	// Store is where the store is: the absolute path of its file.
	Store string
	// Key is the file with the key that seals sign-ins. It is not in the store, so that a
	// backup of the store gives no sign-in away.
	Key string
	// Socket is the operators' socket.
	Socket string
	// Certificates is the directory of the dashboard's certificates from an ACME authority.
	Certificates string
}

// beside is the state around a store that is a file: relay.db has relay.key,
// relay.sock and relay-certificates beside it. A store that is no file will need a rule of its own here, such as
// a directory for the rest.
func beside(store string) State {
	base := strings.TrimSuffix(store, filepath.Ext(store))
	return State{Store: store, Key: base + ".key", Socket: base + ".sock", Certificates: base + "-certificates"}
}
