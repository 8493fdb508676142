package intake

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
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

func TestWhatIsMutedIsStoredAndGoesNowhere(t *testing.T) {
	for _, test := range []struct {
		name  string
		mute  store.Mute
		fate  event.Fate
		sent  string
		muted string
	}{
		{"nothing is muted", store.Mute{Sort: mute.Connector, Name: "other"}, event.Routed, "a b", ""},
		{"the connector", store.Mute{Sort: mute.Connector, Name: "feed"}, event.Muted, "", "a b"},
		{"a channel", store.Mute{Sort: mute.Channel, Name: "a"}, event.Routed, "b", "a"},
		{"a condition", store.Mute{Sort: mute.Condition, Condition: `event.key == "1"`}, event.Muted, "", "a b"},
		{"a condition that fails", store.Mute{Sort: mute.Condition, Condition: `event.data.missing`}, event.Routed, "a b", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory()
			o := options(m, &plugins{})
			var err error
			if o.Mutes, err = mute.Open(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			test.mute.By, test.mute.Until = "ada@example.com", time.Now().Add(time.Hour)
			if _, err := o.Mutes.Begin(t.Context(), test.mute); err != nil {
				t.Fatal(err)
			}
			r := &runner{intake: New(o), connector: polled(t, "feed", "@every 1h", `to = [channel.a, channel.b]`)}
			entry, err := r.entry(newEvent("1"))
			if err != nil {
				t.Fatal(err)
			}
			var sent, muted []string
			for _, d := range entry.Deliveries {
				sent = append(sent, d.Channel)
			}
			for _, by := range entry.Traces[0].Muted {
				if muted = append(muted, by.Channels...); by.By != "ada@example.com" || by.Until.IsZero() {
					t.Errorf("it is muted by %+v", by)
				}
			}
			if entry.Fate != test.fate || strings.Join(sent, " ") != test.sent || strings.Join(muted, " ") != test.muted {
				t.Errorf("fate %s, sent to %q, traces %+v", entry.Fate, sent, entry.Traces)
			}
		})
	}
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
			s := &runner{intake: New(options(newMemory(), &plugins{})), connector: c}
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
