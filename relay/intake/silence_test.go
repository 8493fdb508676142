package intake

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
)

func TestSilenceIsToldOnceAndSoIsItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told notices
		news := false
		m, p := newMemory(), &plugins{}
		p.set(func(ctx context.Context, _ pluginhost.Call, _ event.Checkpoint, emit emitFunc) (time.Duration, error) {
			if !news {
				return 0, nil
			}
			return 0, emit(ctx, event.Batch{Events: []event.Event{newEvent(time.Now().String())}})
		})
		o := options(m, p)
		o.Notify = told.add
		quiet := polled(t, "feed", "@every 1h")
		quiet.MaxSilence = 24 * time.Hour
		i := start(t, o, quiet)

		time.Sleep(23 * time.Hour)
		if list := told.take(); len(list) > 0 || i.Status()[0].Health != healthy {
			t.Errorf("before the time was up it told %+v", list)
		}
		time.Sleep(48 * time.Hour)
		list := told.take()
		if len(list) != 1 || !list[0].Broken || list[0].Health != "silent" || !strings.Contains(list[0].Problem, "for longer than 24h") {
			t.Errorf("after three days it told %+v", list)
		}
		if st := i.Status()[0]; st.Health != "silent" || st.Problem == "" {
			t.Errorf("the status is %+v", st)
		}

		changed := quiet
		changed.Fingerprint = "another"
		if err := i.Apply(t.Context(), []Spec{changed}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if list := told.take(); len(list) > 0 {
			t.Errorf("after a reload it told again: %+v", list)
		}

		p.mu.Lock()
		news = true
		p.mu.Unlock()
		time.Sleep(2 * time.Hour)
		if list := told.take(); len(list) != 1 || list[0].Broken || i.Status()[0].Health != healthy {
			t.Errorf("when something came it told %+v", list)
		}
	})
}

func TestAnEventForATeamsChannelIsSuspendedWithItsOwner(t *testing.T) {
	reason := map[string]string{"a": "its owner has left"}
	for _, test := range []struct {
		name      string
		suspended map[string]string
		fate      event.Fate
		sent      string
	}{
		{"nothing is suspended", nil, event.Routed, "a b"},
		{"one of two", reason, event.Routed, "b"},
		{"all", map[string]string{"a": "x", "b": "y"}, event.Suspended, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := polled(t, "feed", "@every 1h", `to = [channel.a, channel.b]`)
			c.Suspended = test.suspended
			s := &runner{connector: c}
			entry, err := s.entry(newEvent("1"))
			if err != nil {
				t.Fatal(err)
			}
			var sent []string
			for _, d := range entry.Deliveries {
				sent = append(sent, d.Channel)
			}
			if entry.Fate != test.fate || strings.Join(sent, " ") != test.sent || len(entry.Traces[0].Suspended) != len(test.suspended) {
				t.Errorf("fate %s, sent to %q, traces %+v", entry.Fate, sent, entry.Traces)
			}
		})
	}
}
