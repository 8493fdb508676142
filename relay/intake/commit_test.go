package intake

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

func TestRoutesDecideAnEventsFate(t *testing.T) {
	const changed = `{"@type":"MessageCard","@context":"https://schema.org/extensions","title":"Changed"}`
	tests := []struct {
		name       string
		routes     []string
		fate       event.Fate
		deliveries []store.Draft
		traces     []event.Trace
	}{
		{
			"one route for all",
			[]string{`to = [channel.a, channel.b]`},
			event.Routed,
			[]store.Draft{{Channel: "a"}, {Channel: "b"}},
			[]event.Trace{{Route: 1, Matched: true, Channels: []string{"a", "b"}}},
		},
		{"no route", nil, event.Filtered, nil, []event.Trace{}},
		{
			"no route wants it",
			[]string{"when = event.data.n == 2\nto = [channel.a]"},
			event.Filtered, nil,
			[]event.Trace{{Route: 1, Reason: "the condition is false: event.data.n == 2"}},
		},
		{
			"a route changes the card",
			[]string{"to = [channel.a]\ncard {\ntitle = \"Changed\"\n}", `to = [channel.b]`},
			event.Routed,
			[]store.Draft{{Channel: "a", Card: []byte(changed)}, {Channel: "b"}},
			[]event.Trace{{Route: 1, Matched: true, Channels: []string{"a"}}, {Route: 2, Matched: true, Channels: []string{"b"}}},
		},
		{
			"the first route that matches has the channel",
			[]string{"when = false\nto = [channel.a]", "when = event.kind == \"k\"\nto = [channel.a]", "to = [channel.a, channel.b]\ncard {\ntitle = \"Changed\"\n}"},
			event.Routed,
			[]store.Draft{{Channel: "a"}, {Channel: "b", Card: []byte(changed)}},
			[]event.Trace{{Route: 1, Reason: "the condition is false: false"}, {Route: 2, Matched: true, Channels: []string{"a"}}, {Route: 3, Matched: true, Channels: []string{"b"}}},
		},
		{
			"one of the routes to a channel says that it is urgent",
			[]string{`to = [channel.a, channel.b]`, "when = event.data.n == 1\nurgent = true\nto = [channel.b, channel.c]", "when = false\nurgent = true\nto = [channel.a]"},
			event.Routed,
			[]store.Draft{{Channel: "a"}, {Channel: "b", Urgent: true}, {Channel: "c", Urgent: true}},
			[]event.Trace{{Route: 1, Matched: true, Channels: []string{"a", "b"}}, {Route: 2, Matched: true, Channels: []string{"c"}}, {Route: 3, Reason: "the condition is false: false"}},
		},
		{
			"a condition that cannot be evaluated",
			[]string{"when = event.data.missing\nto = [channel.a, channel.b]"},
			event.Routed,
			[]store.Draft{{Channel: "a", Dead: "route 1: "}, {Channel: "b", Dead: "route 1: "}},
			[]event.Trace{{Route: 1, Channels: []string{"a", "b"}}},
		},
		{
			"a condition that cannot be evaluated, before one that matches",
			[]string{"when = event.data.missing\nto = [channel.a, channel.b]", `to = [channel.b, channel.c]`},
			event.Routed,
			[]store.Draft{{Channel: "b"}, {Channel: "c"}, {Channel: "a", Dead: "route 1: "}},
			[]event.Trace{{Route: 1, Channels: []string{"a"}}, {Route: 2, Matched: true, Channels: []string{"b", "c"}}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Spec{Routes: compile(t, test.routes...)}
			s, err := newRunner(New(options(newMemory(), &plugins{})), c)
			if err != nil {
				t.Fatal(err)
			}
			e := event.Event{Key: "1", Kind: "k", Data: []byte(`{"n": 1}`)}
			e.Card.Title = "Own"
			got, err := s.entry(e)
			if err != nil {
				t.Fatal(err)
			}
			// What a route says of an evaluation that failed is the route's to test.
			for n, d := range got.Deliveries {
				if d.Dead != "" {
					if len(d.Dead) < 20 {
						t.Errorf("the reason %q says nothing", d.Dead)
					}
					got.Deliveries[n].Dead = d.Dead[:len("route 1: ")]
				}
			}
			for n, trace := range got.Traces {
				if !trace.Matched && len(trace.Channels) > 0 {
					got.Traces[n].Reason = ""
				}
			}
			want := store.Entry{Event: e, Fate: test.fate, Traces: test.traces, Deliveries: test.deliveries}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
