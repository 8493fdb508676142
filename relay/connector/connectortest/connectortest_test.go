package connectortest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// lines posts the lines of a page.
type lines struct {
	URL  string `relay:"url,required" doc:"The page."`
	Mode string `relay:"mode" default:"all" allowed:"all,none" doc:"Which lines to post."`

	Marks []struct {
		Word   string `relay:"word,required" doc:"What to mark."`
		Colour string `relay:"colour" default:"red" allowed:"red,green" doc:"How to mark it."`
	} `relay:"marks" doc:"What to mark in a line."`
}

func (l *lines) Describe() connector.Description {
	return connector.Description{
		Type: "lines", Title: "Lines", Summary: "Posts a page's lines.",
		Kinds: []connector.Kind{{Name: "line", Doc: "A line.", Sample: line("hello")}},
	}
}

func line(text string) event.Event {
	return event.Event{Key: text, Kind: "line", Card: card.Card{Title: text}}
}

func (l *lines) Validate() []connector.Problem {
	if !strings.HasPrefix(l.URL, "http") {
		return []connector.Problem{{Argument: "url", Message: "must begin with http"}}
	}
	return nil
}

func (l *lines) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL, http.NoBody)
	if err != nil {
		return 0, connector.Misconfigured("%w", err)
	}
	response, err := p.HTTP.Do(r)
	if err != nil {
		return 0, fmt.Errorf("get the page: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("read the page: %w", err)
	}
	seen := string(p.Checkpoint)
	for text := range strings.Lines(strings.TrimPrefix(string(body), seen)) {
		seen += text
		b := event.Batch{Events: []event.Event{line(strings.TrimSpace(text))}, Checkpoint: event.Checkpoint(seen)}
		if err := p.Emit(ctx, b); err != nil {
			return 0, err
		}
	}
	return time.Minute, nil
}

func (l *lines) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	var body struct{ Text string }
	if err := json.Unmarshal(r.Body, &body); err != nil || body.Text == "" {
		return connector.Reply{Status: http.StatusBadRequest, Body: []byte("send an object with a text")}, nil
	}
	return connector.Reply{Events: []event.Event{line(body.Text[:min(len(body.Text), 100)])}}, nil
}

func page(t *testing.T) map[string]any {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "connectortest" {
			t.Errorf("the User-Agent is %q", r.UserAgent())
		}
		fmt.Fprint(w, "one\ntwo\nthree\n")
	}))
	t.Cleanup(s.Close)
	return map[string]any{"url": s.URL}
}

func TestAWellBehavedConnectorPasses(t *testing.T) {
	Run(t, func() connector.Connector { return &lines{} }, Options{
		Start:     page,
		Arguments: map[string]any{"marks": []any{map[string]any{"word": "two"}}},
		Invalid: []Invalid{
			{Argument: "url", Value: "ftp://example.com"},
			{Argument: "marks", Value: []any{map[string]any{"colour": "green"}}},
			{Argument: "marks", Value: []any{map[string]any{"word": "two", "colour": "blue"}}},
		},
		Genuine: []connector.Request{{Method: http.MethodPost, Body: []byte(`{"text":"x"}`)}},
	})
}

func TestThePollGoesOnFromItsCheckpoint(t *testing.T) {
	c := New(t, func() connector.Connector { return &lines{} }, page(t))
	polled, err := c.Poll(t.Context(), event.Checkpoint("one\ntwo\n"))
	if err != nil || len(polled.Events()) != 1 || polled.Events()[0].Key != "three" || polled.Again != time.Minute {
		t.Errorf("got %+v, %v", polled, err)
	}
}

// bad breaks one rule of the contract.
type bad struct {
	lines
	mode string
	n    int
}

func (b *bad) Describe() connector.Description {
	d := b.lines.Describe()
	if b.mode == "no title" {
		d.Title = ""
	}
	return d
}

func (b *bad) Validate() []connector.Problem {
	if b.mode == "network" {
		_, _ = http.Get(b.URL)
	}
	if b.mode == "lenient" {
		return nil
	}
	return b.lines.Validate()
}

func (b *bad) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	e := line("x")
	switch b.mode {
	case "no key":
		e.Key = ""
	case "new key":
		b.n++
		e.Key = fmt.Sprint(time.Now().UnixNano(), b.n)
	case "strange kind":
		e.Kind = "surprise"
	case "deaf":
		select {
		case <-ctx.Done():
			time.Sleep(prompt + time.Second)
		case <-time.After(100 * time.Millisecond):
		}
		return 0, nil
	case "hurries":
		if p.Checkpoint != nil {
			return 0, nil
		}
		if err := p.Emit(ctx, event.Batch{Events: []event.Event{e}, Checkpoint: event.Checkpoint("x and y")}); err != nil {
			return 0, err
		}
		return 0, p.Emit(ctx, event.Batch{Events: []event.Event{line("y")}})
	case "swallows":
		if b.n++; b.n > 1 {
			return 0, nil
		}
	default:
		return b.lines.Poll(ctx, p)
	}
	return 0, p.Emit(ctx, event.Batch{Events: []event.Event{e}})
}

func (b *bad) Receive(ctx context.Context, r *connector.Request) (connector.Reply, error) {
	if b.mode == "panics" {
		return connector.Reply{Body: r.Body[:1]}, nil
	}
	return b.lines.Receive(ctx, r)
}

// TestABadConnector fails when it is told how the connector is bad.
func TestABadConnector(t *testing.T) {
	mode := os.Getenv("BAD_CONNECTOR")
	if mode == "" {
		return
	}
	Run(t, func() connector.Connector { return &bad{mode: mode} }, Options{
		Start: page, Invalid: []Invalid{{Argument: "url", Value: "ftp://example.com"}},
	})
}

func TestABadConnectorIsFoundOut(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]string{
		"no title":     "it has no title",
		"network":      "Validate used the network",
		"lenient":      "an invalid value: argument url is not refused",
		"no key":       "has no key, so it would be posted again and again",
		"new key":      "polling again without a change emitted a new event",
		"strange kind": `is of kind "surprise", which is not described`,
		"deaf":         "Poll goes on for more than 5s",
		"swallows":     `event "x" was lost: the poll was broken off after 0 batches`,
		"hurries":      `event "y" was lost: the poll was broken off after 1 batches`,
		"panics":       "Receive panics",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(self, "-test.run=^TestABadConnector$")
			cmd.Env = append(os.Environ(), "BAD_CONNECTOR="+mode)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%v, and the output does not say %q:\n%s", err, want, out)
			}
		})
	}
}

func TestAttributesWithoutADocAreFoundOut(t *testing.T) {
	text := connector.ValueType{Kind: connector.ValueString}
	object := connector.ValueType{Kind: connector.ValueObject, Attributes: []connector.Argument{{Name: "c", Type: text}, {Name: "d", Type: text, Doc: "D."}}}
	list := connector.ValueType{Kind: connector.ValueList, Element: &object}
	got := undocumented([]connector.Argument{{Name: "a", Type: list, Doc: "A."}, {Name: "b", Type: text}}, "")
	if want := []string{"a.c", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
