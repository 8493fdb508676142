package relay

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// TestAPictureStaysAsLongAsABlockOrAFileNamesIt, and only so long.
func TestAPictureStaysAsLongAsABlockOrAFileNamesIt(t *testing.T) {
	id := func(letter string) string { return strings.Repeat(letter, 26) }
	path := filepath.Join(t.TempDir(), "relay.hcl")
	text := `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  image = "https://relay.example.com/pictures/` + id("F") + `.png"
  route { to = [channel.lobby] }
}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Start(t.Context(), Options{Config: path, Log: io.Discard, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop() })
	for _, letter := range []string{"F", "B", "U"} {
		if err := r.store.SavePicture(t.Context(), store.Picture{ID: id(letter), Type: "image/png", Content: []byte("x"), Size: 1, Created: time.Now().Add(-48 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.store.SaveBlock(t.Context(), store.Block{Name: "hers", HCL: `image = "http://127.0.0.1/pictures/` + id("B") + `.png"`}, nil); err != nil {
		t.Fatal(err)
	}
	r.sweep(t.Context())
	left, err := r.store.Pictures(t.Context(), "")
	if err != nil || len(left) != 2 {
		t.Fatalf("%d pictures are left, %v", len(left), err)
	}
	for _, p := range left {
		if p.ID == id("U") {
			t.Error("the picture that nothing names is still there")
		}
	}
}
