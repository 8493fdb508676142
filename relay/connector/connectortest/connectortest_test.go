package connectortest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
		Start:   page,
		Invalid: []Invalid{{Argument: "url", Value: "ftp://example.com"}},
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
