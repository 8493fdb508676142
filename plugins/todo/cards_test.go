package todo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// TestSamples compares the sample of every kind with what it should be.
func TestSamples(t *testing.T) {
	var events []event.Event
	for _, k := range New().Describe().Kinds {
		events = append(events, k.Sample)
	}
	golden.Assert(t, connectortest.Events(t, events), "cards.golden")
}

// TestNotes compares the cards of what people write with what they should be: notes of
// Outlook's in HTML, and texts that look like Markdown, mentions or functions.
func TestNotes(t *testing.T) {
	g := newGraph(t)
	p := g.person(map[string]any{"tenant": "consumers"})
	p.want()
	for id, n := range []struct{ title, format, note string }{
		{"Plain", "text", "First line\r\nsecond line\r\n\r\n\r\n\r\nlast"},
		{"Outlook", "html", "<html><head><style>p {color: red}</style></head><body>\r\n<p>Call <b>Ann</b>&nbsp;&amp; Bob</p>\r\n<div>1<br>2</div><ul><li>a</li><li>b</li></ul><script>alert(1)</script></body></html>"},
		{"<at>everyone</at> [free](https://evil.example) {{x}}", "text", "<at>everyone</at>\n# big\n- list\n![p](javascript:x)\u0000\u202e"},
		{"Entities", "html", "&lt;at&gt;all&lt;/at&gt; &lt;b&gt;"},
		{"Long " + strings.Repeat("word ", 200), "text", strings.Repeat("Lorem ipsum. ", 20_000)},
	} {
		g.pass(time.Minute)
		g.task("l1", fmt.Sprint(id), map[string]any{"title": n.title, "body": map[string]any{"content": n.note, "contentType": n.format}, "categories": []string{"Home"}})
	}
	if err := p.poll(); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, connectortest.Events(t, p.last.Events()), "notes.golden")
}

func FuzzTask(f *testing.F) {
	f.Add([]byte(`{"id":"a","title":"Milk","body":{"content":"<p>Two <b>litres</b><script>x</script></p>","contentType":"html"}}`))
	f.Add([]byte(`{"id":"a","title":["x"],"createdDateTime":"never","dueDateTime":{"dateTime":"2026-02-30T"},"body":7}`))
	f.Add([]byte(`{"id":"a/../b","title":"<at>all</at> [x](javascript:y)\u0000","importance":"high","checklistItems":[{"isChecked":true}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		parsed, ok := parseTask(raw)
		if !ok {
			return
		}
		now := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
		known := map[string]state{parsed.ID: {Title: "before", Status: "notStarted", Due: "2026-11-21T00:00:00"}}
		for _, tasks := range []map[string]state{{}, known} {
			l := &list{Name: "l", Delta: "x", Tasks: tasks}
			w := &watch{todo: &Todo{Choice: kinds.Choice{Kinds: []string{"*"}}, DueSoon: 1e6 * time.Hour}, at: checkpoint{Polled: now, List: map[string]*list{"l": l}}, now: now, zone: time.UTC}
			w.task("l", parsed)
			w.dueSoon([]string{"l"})
			for _, e := range w.found {
				connectortest.Harmless(t, e)
			}
			if _, err := json.Marshal(w.at); err != nil {
				t.Errorf("%s cannot be remembered: %v", raw, err)
			}
		}
	})
}
