package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// playground is a relay with one connector, whose last events have these branches.
type playground struct {
	parts
	branches []string
	text     string
	examine  func(ctx context.Context) (operator.Examination, error)
}

func (p *playground) Events(_ context.Context, f store.EventFilter) (list []store.EventSummary, err error) {
	for i := range p.branches[:min(len(p.branches), f.Limit)] {
		list = append(list, store.EventSummary{Event: store.Event{ID: int64(i + 1)}})
	}
	return list, nil
}

func (p *playground) Event(_ context.Context, id int64) (store.Event, error) {
	branch := p.branches[id-1]
	if branch == "swept" {
		return store.Event{}, store.ErrSwept
	}
	c, err := card.Card{Title: "Push", Text: p.text}.MarshalJSON()
	return store.Event{ID: id, Kind: "push", Card: c, Data: fmt.Appendf(nil, `{"branch": %q}`, branch)}, err
}

func (p *playground) Types() map[string]connector.Type {
	sample := event.Event{Card: card.Card{Title: "A sample"}, Data: json.RawMessage(`{"branch": "main"}`)}
	return map[string]connector.Type{"git": {Description: connector.Description{Type: "git", Kinds: []connector.Kind{{Name: "push", Sample: sample}}}}}
}

func (p *playground) Log(string) ([]pluginhost.LogLine, bool) { return nil, false }
func (p *playground) Status() []pluginhost.Status             { return nil }

func (p *playground) Examine(ctx context.Context, _ string) (operator.Examination, error) {
	return p.examine(ctx)
}

func (p *playground) desk() *Desk {
	p.running = Running{Channels: map[string]string{"lobby": "inbox"}, Connectors: map[string]string{"ours": "git"}}
	return New(Options{Store: p, Plugins: p, Daemon: p})
}

const mainOnly = "route {\n  when = event.data.branch == \"main\"\n  to   = [channel.lobby]\n  card { title = \"On ${event.data.branch}\" }\n}"

// TestARouteIsTriedOnWhatReallyCame, and on samples where nothing has come yet.
func TestARouteIsTriedOnWhatReallyCame(t *testing.T) {
	describe := func(trial operator.RouteTrial) string {
		var b strings.Builder
		for _, e := range trial.Events {
			fmt.Fprintf(&b, "%d %t %s %s\n", e.Event, e.Matched, e.Reason, e.Card)
		}
		return b.String()
	}
	for name, tt := range map[string]struct {
		branches []string
		draft    operator.RouteDraft
		want     string
	}{
		"events": {
			[]string{"main", "dev", "swept"},
			operator.RouteDraft{Connector: "ours", Route: mainOnly},
			"1 true  {\"@type\":\"MessageCard\",\"@context\":\"https://schema.org/extensions\",\"title\":\"On main\"}\n2 false the condition is false: event.data.branch == \"main\" \n",
		},
		"no events":  {nil, operator.RouteDraft{Connector: "ours", Route: mainOnly}, "0 true  {\"@type\":\"MessageCard\",\"@context\":\"https://schema.org/extensions\",\"title\":\"On main\"}\n"},
		"a type":     {[]string{"dev"}, operator.RouteDraft{Type: "git", Route: mainOnly}, "0 true  {\"@type\":\"MessageCard\",\"@context\":\"https://schema.org/extensions\",\"title\":\"On main\"}\n"},
		"a mistake":  {[]string{"dev"}, operator.RouteDraft{Connector: "ours", Route: "route {}"}, ""},
		"not theirs": {[]string{"dev"}, operator.RouteDraft{Connector: "ours", Route: mainOnly, Channels: []string{"hers"}}, ""},
	} {
		trial, err := (&playground{branches: tt.branches}).desk().TryRoute(t.Context(), tt.draft)
		if err != nil || describe(trial) != tt.want || (len(trial.Flaws) > 0) != (tt.want == "") {
			t.Errorf("%s: %v, %v\n%s", name, err, trial.Flaws, describe(trial))
		}
	}
	for _, draft := range []operator.RouteDraft{{Connector: "theirs", Route: mainOnly}, {Type: "svn", Route: mainOnly}} {
		if _, err := (&playground{}).desk().TryRoute(t.Context(), draft); !errors.Is(err, operator.ErrNotFound) {
			t.Errorf("%+v: %v", draft, err)
		}
	}
}

// TestWhatIsTriedOutIsShownOnlyAsFarAsItFits.
func TestWhatIsTriedOutIsShownOnlyAsFarAsItFits(t *testing.T) {
	p := &playground{branches: make([]string, 50), text: strings.Repeat("x", triedBytes/5)}
	trial, err := p.desk().TryRoute(t.Context(), operator.RouteDraft{Connector: "ours", Route: "route { to = [channel.lobby] }"})
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, e := range trial.Events {
		shown += len(e.Card)
	}
	if len(trial.Events) != triedEvents || shown == 0 || shown > triedBytes {
		t.Errorf("%d events with %d bytes of cards", len(trial.Events), shown)
	}
	pasted, err := p.desk().Preview(t.Context(), operator.Paste{Body: `{"type": "message", "attachments": [` + strings.TrimSuffix(strings.Repeat(
		`{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "hi"}]}},`, 9), ",") + `]}`})
	if err != nil || len(pasted.Cards) != pastedCards || pasted.Left != 9-pastedCards || pasted.Previews[0].Type != "teams" {
		t.Errorf("%v: %d cards, %d left", err, len(pasted.Cards), pasted.Left)
	}
	if _, err := p.desk().Preview(t.Context(), operator.Paste{Body: strings.Repeat("x", maxPaste+1)}); !errors.Is(err, operator.ErrInvalid) {
		t.Errorf("a huge body is answered %v", err)
	}
	pasted, err = p.desk().Preview(t.Context(), operator.Paste{Body: `{"title": "t", "potentialAction": [{"@type": "OpenUri", "name": "Go"}]}`})
	if notes := strings.Join(pasted.Notes, "\n"); err != nil || !strings.Contains(notes, "potentialAction[0].targets") || len(pasted.Previews) == 0 {
		t.Errorf("a card with a mistake: %v, %s", err, notes)
	}
	pasted, err = p.desk().Preview(t.Context(), operator.Paste{Body: `{"title": `})
	if err != nil || !strings.Contains(pasted.Refused, "line 1, column") || len(pasted.Previews) > 0 {
		t.Errorf("what is no JSON: %v, %+v", err, pasted)
	}
}

// TestWhoTriesOutWaitsForHerTurn, and not for ever.
func TestWhoTriesOutWaitsForHerTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &playground{examine: func(ctx context.Context) (operator.Examination, error) {
			<-ctx.Done()
			return operator.Examination{}, ctx.Err()
		}}
		d := p.desk()
		ends := make(chan error, examinersAtOnce)
		for range examinersAtOnce {
			go func() { _, err := d.Doctor(t.Context(), "lobby"); ends <- err }()
		}
		synctest.Wait()
		if _, err := d.Doctor(t.Context(), "lobby"); !errors.Is(err, operator.ErrBusy) {
			t.Errorf("one more is answered %v", err)
		}
		if _, err := d.Preview(t.Context(), operator.Paste{Body: "hello"}); err != nil {
			t.Errorf("who looks at a card waits for who examines a channel: %v", err)
		}
		for range examinersAtOnce {
			if err := <-ends; !errors.Is(err, operator.ErrInvalid) || !strings.Contains(err.Error(), "longer than") {
				t.Errorf("an examination without end ends with %v", err)
			}
		}
		p.examine = func(context.Context) (operator.Examination, error) {
			return operator.Examination{}, errors.New("channel lobby: it posts nowhere")
		}
		if _, err := d.Doctor(t.Context(), "lobby"); !errors.Is(err, operator.ErrInvalid) || err.Error() != "channel lobby: it posts nowhere" {
			t.Errorf("a mistake of the configuration is answered %v", err)
		}
	})
}
