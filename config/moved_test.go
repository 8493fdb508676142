package config

import (
	"os"
	"slices"
	"testing"
)

// TestMovedBlocksTellAHistory follows a name over several moves.
func TestMovedBlocksTellAHistory(t *testing.T) {
	source, err := os.ReadFile("testdata/valid/moved.hcl")
	if err != nil {
		t.Fatal(err)
	}
	workplace(t)
	c := mustDecode(t, string(source))
	if got, want := c.Was("channel", "lobby"), []string{"entrance", "hall", "foyer"}; !slices.Equal(got, want) {
		t.Errorf("the channel was %v, want %v", got, want)
	}
	if got, want := c.Was("connector", "build"), []string{"ci"}; !slices.Equal(got, want) {
		t.Errorf("the connector was %v, want %v", got, want)
	}
	if got := c.Was("connector", "lobby"); got != nil {
		t.Errorf("a connector that there is not was %v", got)
	}
}
