package mute

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
)

func open(t *testing.T, s store.Muting) *Board {
	t.Helper()
	b, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// begin mutes something for an hour.
func begin(t *testing.T, b *Board, sort, name, condition string) Mute {
	t.Helper()
	m, err := b.Begin(t.Context(), store.Mute{Sort: sort, Name: name, Condition: condition, By: "ada@example.com", Reason: "deploy", Until: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// muted says what mutes an event of kind "push" from a connector for a channel.
func muted(b *Board, connector, channel string) string {
	m := b.Over(connector, event.Event{Kind: "push"}).For(channel)
	if m == nil {
		return ""
	}
	return m.What()
}

func TestWhatIsMuted(t *testing.T) {
	for name, test := range map[string]struct {
		sort, name, condition string
		// what mutes ci's cards for lobby and dev, and blog's for lobby
		lobby, dev, blog string
	}{
		"a connector":                    {Connector, "ci", "", "connector ci", "connector ci", ""},
		"a channel":                      {Channel, "lobby", "", "channel lobby", "", "channel lobby"},
		"a condition":                    {Condition, "", `event.kind == "push"`, `every event where event.kind == "push"`, `every event where event.kind == "push"`, `every event where event.kind == "push"`},
		"a condition of one connector":   {Condition, "ci", `event.kind == "push"`, `connector ci where event.kind == "push"`, `connector ci where event.kind == "push"`, ""},
		"a condition that is false":      {Condition, "", `event.kind == "issue"`, "", "", ""},
		"a condition that fails":         {Condition, "", `event.data.draft`, "", "", ""},
		"a condition over the connector": {Condition, "", `event.connector == "blog"`, "", "", `every event where event.connector == "blog"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, memory.New())
			m := begin(t, b, test.sort, test.name, test.condition)
			check := func(lobby, dev, blog string) {
				t.Helper()
				if got := muted(b, "ci", "lobby"); got != lobby {
					t.Errorf("ci to lobby: %q", got)
				}
				if got := muted(b, "ci", "dev"); got != dev {
					t.Errorf("ci to dev: %q", got)
				}
				if got := muted(b, "blog", "lobby"); got != blog {
					t.Errorf("blog to lobby: %q", got)
				}
			}
			check(test.lobby, test.dev, test.blog)
			if err := b.End(t.Context(), m.ID); err != nil {
				t.Fatal(err)
			}
			check("", "", "")
			if err := b.End(t.Context(), m.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("ended twice: %v", err)
			}
		})
	}
}

func TestAMuteEndsByItselfAndSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		begin(t, open(t, s), Connector, "ci", "")
		time.Sleep(time.Hour - time.Second)
		b := open(t, s)
		if muted(b, "ci", "lobby") == "" || len(b.List()) != 1 {
			t.Error("a restart ended it")
		}
		time.Sleep(time.Second)
		if muted(b, "ci", "lobby") != "" || len(b.List()) != 0 {
			t.Error("its time is over, and it mutes on")
		}
	})
}

// TestTheMuteThatEndsLastIsNamed, because until then nothing comes.
func TestTheMuteThatEndsLastIsNamed(t *testing.T) {
	b := open(t, memory.New())
	begin(t, b, Connector, "ci", "")
	later, err := b.Begin(t.Context(), store.Mute{Sort: Connector, Name: "ci", Until: time.Now().Add(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, b, Channel, "lobby", "")
	if m := b.Over("ci", event.Event{}).For("lobby"); m == nil || m.ID != later.ID {
		t.Errorf("named is %+v", m)
	}
	if list := b.List(); len(list) != 3 || list[2].ID != later.ID {
		t.Errorf("listed are %+v", list)
	}
}

func TestAMuteFollowsANewName(t *testing.T) {
	s := memory.New()
	b := open(t, s)
	begin(t, b, Connector, "ci", "")
	begin(t, b, Condition, "ci", `event.kind == "issue"`)
	begin(t, b, Channel, "ci", "")
	if err := b.Rename(t.Context(), Connector, "ci", "builds"); err != nil {
		t.Fatal(err)
	}
	for _, b := range []*Board{b, open(t, s)} {
		if muted(b, "builds", "lobby") == "" || muted(b, "ci", "lobby") != "" || b.Channel("ci") == nil {
			t.Errorf("the mutes are %+v", b.List())
		}
		if list := b.List(); list[1].What() != `connector builds where event.kind == "issue"` {
			t.Errorf("the condition is for %s", list[1].What())
		}
	}
}

func TestMutesThatMakeNoSense(t *testing.T) {
	in := func(d time.Duration) time.Time { return time.Now().Add(d) }
	for says, m := range map[string]store.Mute{
		"one of connector, channel, condition": {Sort: "lane", Name: "x", Until: in(time.Hour)},
		"name the channel":                     {Sort: Channel, Until: in(time.Hour)},
		"leave the condition out":              {Sort: Channel, Name: "x", Condition: "true", Until: in(time.Hour)},
		"the condition is wrong":               {Sort: Condition, Condition: "event.kind", Until: in(time.Hour)},
		"the condition has 2001 bytes":         {Sort: Condition, Condition: strings.Repeat("!", 2001), Until: in(time.Hour)},
		"the reason has 301 bytes":             {Sort: Connector, Name: "x", Reason: strings.Repeat("!", 301), Until: in(time.Hour)},
		"the reason is not UTF-8":              {Sort: Connector, Name: "x", Reason: "\xff", Until: in(time.Hour)},
		"needs a time at which it ends":        {Sort: Connector, Name: "x"},
		"the time at which it ends is over":    {Sort: Connector, Name: "x", Until: in(-time.Second)},
		"a year at most":                       {Sort: Connector, Name: "x", Until: in(367 * 24 * time.Hour)},
	} {
		b := open(t, memory.New())
		if _, err := b.Begin(t.Context(), m); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: %v", says, err)
		}
		if len(b.List()) != 0 {
			t.Errorf("%q mutes", says)
		}
	}
}

func TestThereAreOnlySoManyMutes(t *testing.T) {
	s := memory.New()
	for range store.MaxMutes {
		if _, err := s.SaveMute(t.Context(), store.Mute{Sort: Connector, Name: "x", Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, s)
	if _, err := b.Begin(t.Context(), store.Mute{Sort: Connector, Name: "y", Until: time.Now().Add(time.Hour)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("one more: %v", err)
	}
}

// TestAConditionThatNoLongerCompilesIsShown and mutes nothing.
func TestAConditionThatNoLongerCompilesIsShown(t *testing.T) {
	s := memory.New()
	if _, err := s.SaveMute(t.Context(), store.Mute{Sort: Condition, Condition: "event.former", Until: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	b := open(t, s)
	if list := b.List(); muted(b, "ci", "lobby") != "" || len(list) != 1 || !strings.Contains(list[0].Problem, `There is no "former"`) {
		t.Errorf("the mutes are %+v", list)
	}
}

// TestWithoutMutesAnEventCostsNothing, nor where only others are muted as a whole.
func TestWithoutMutesAnEventCostsNothing(t *testing.T) {
	b, e := open(t, memory.New()), event.Event{Kind: "push"}
	for _, about := range []string{"no mute", "another connector's"} {
		if n := testing.AllocsPerRun(100, func() { b.Over("ci", e).For("lobby") }); n != 0 {
			t.Errorf("%s: %v allocations", about, n)
		}
		begin(t, b, Connector, "blog", "")
	}
}
