package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/storetest"
)

// openAt opens a store that the test closes.
func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, Log: zerolog.New(zerolog.NewTestWriter(t))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openAt(t, filepath.Join(t.TempDir(), "relay.db")) })
}
