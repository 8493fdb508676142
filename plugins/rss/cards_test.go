package rss

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/event"
)

// TestCards compares the events of each feed in testdata/feeds with what they
// should be.
func TestCards(t *testing.T) {
	files, err := filepath.Glob("testdata/feeds/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no feeds: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			enc := json.NewEncoder(&out)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			for _, e := range eventsOf(t, b) {
				if err := e.Card.Validate(); err != nil {
					t.Error(err)
				}
				if err := enc.Encode(e.Card); err != nil {
					t.Fatal(err)
				}
			}
			golden.Assert(t, out.String(), filepath.Join("cards", filepath.Base(file)+".json"))
		})
	}
}

// eventsOf is what a first poll would make of a feed's bytes, all items wanted.
func eventsOf(t testing.TB, b []byte) []event.Event {
	t.Helper()
	a := read(question{Body: b, Address: "https://blog.example/feed", First: true, Initial: maxItems, Summary: 300, Picture: true})
	if err := a.problem(); err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for _, p := range a.Posts {
		events = append(events, a.Source.event(p))
	}
	return events
}

func FuzzCards(f *testing.F) {
	files, err := filepath.Glob("testdata/feeds/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no feeds: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		q := question{Body: b, ContentType: "text/xml; charset=iso-8859-1", Address: "https://blog.example/feed?token=secret-token", Edits: true, Summary: 80, Picture: true}
		if a := read(q); a.problem() != nil {
			return
		}
		q.ContentType = ""
		a := read(q)
		if a.problem() != nil {
			return
		}
		q.State = a.State
		for _, p := range a.Posts {
			q.State.Known = append(q.State.Known, p.Known)
			e := a.Source.event(p)
			if err := e.Card.Validate(); err != nil {
				t.Fatalf("%v: %+v", err, e.Card)
			}
			if e.Key == "" || !json.Valid(e.Data) {
				t.Fatalf("an event without key or data: %+v", e)
			}
		}
		if !a.More {
			q.State.forget(a.Present)
		}
		q.Edits = false
		for _, p := range read(q).Posts {
			if slices.ContainsFunc(a.Posts, func(before post) bool { return before.Known.ID == p.Known.ID }) {
				t.Fatalf("%q is new twice", p.Title)
			}
		}
	})
}
