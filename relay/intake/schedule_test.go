package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

func TestANewConnectorIsPolledAtOnceAndThenOnSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &plugins{}
		start(t, options(newMemory(), p), polled(t, "feed", "@every 10m"))
		time.Sleep(time.Hour)
		times := p.times("feed", began)
		if len(times) != 6 || times[0] > 200*time.Millisecond {
			t.Fatalf("polled at %v", times)
		}
		first := times[1] - times[0]
		for n := 1; n < len(times); n++ {
			gap := times[n] - times[n-1]
			if gap < 10*time.Minute || gap > 10*time.Minute+30*time.Second || gap != first {
				t.Errorf("between poll %d and the next passed %s", n, gap)
			}
		}
	})
}

func TestConnectorsOfTheSameScheduleDriftApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{}
		var list []Spec
		for n := range 20 {
			list = append(list, polled(t, fmt.Sprint("feed", n), "@every 1h"))
		}
		start(t, options(newMemory(), p), list...)
		time.Sleep(90 * time.Minute)
		moments := make(map[time.Duration]bool)
		for n := range 20 {
			times := p.times(fmt.Sprint("feed", n), epoch())
			if len(times) != 2 {
				t.Fatalf("feed %d was polled %d times", n, len(times))
			}
			moments[times[1].Truncate(2*time.Second)] = true
		}
		if len(moments) < 10 {
			t.Errorf("20 connectors were polled within %d moments", len(moments))
		}
	})
}

func TestFiveFieldsAreMomentsOnTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{}
		start(t, options(newMemory(), p), polled(t, "feed", "CRON_TZ=UTC 30 * * * *"))
		time.Sleep(3 * time.Hour)
		times := p.times("feed", time.Now().Add(-3*time.Hour))
		want := []time.Duration{30 * time.Minute, 90 * time.Minute, 150 * time.Minute}
		if len(times) != 4 || !slices.Equal(times[1:], want) {
			t.Errorf("polled at %v", times)
		}
	})
}

func TestARestartPollsNothingThatIsNotDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{}
		i := start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Minute)
		halt(t, i)
		due := m.poll("feed").Next
		time.Sleep(10 * time.Minute)
		i = start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Until(due) - time.Second)
		if n := p.count("feed"); n != 1 {
			t.Fatalf("polled %d times before it was due", n)
		}
		time.Sleep(2 * time.Second)
		if n := p.count("feed"); n != 2 {
			t.Errorf("polled %d times once it was due", n)
		}
		halt(t, i)
	})
}

func TestWhatWasDueWhileTheRelayWasDownIsNotPolledInOneMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{}
		var list []Spec
		for n := range 100 {
			name := fmt.Sprint("feed", n)
			list = append(list, polled(t, name, "@every 1h"))
			m.polled(name, store.Poll{Last: time.Now().Add(-2 * time.Hour), Next: time.Now().Add(-time.Hour), Health: healthy})
		}
		start(t, options(m, p), list...)
		time.Sleep(time.Second)
		if n := p.names(); n == 0 || n > 90 {
			t.Errorf("after a second %d of 100 connectors were polled", n)
		}
		time.Sleep(2 * time.Second)
		if n := p.names(); n != 100 {
			t.Errorf("after three seconds %d of 100 connectors were polled", n)
		}
	})
}

func TestAPollFromTheFutureDoesNotSilenceAConnector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{}
		year := time.Now().AddDate(40, 0, 0)
		m.polled("feed", store.Poll{Last: year, Next: year.Add(time.Hour), Health: healthy})
		start(t, options(m, p), polled(t, "feed", "@every 1h"))
		time.Sleep(time.Second)
		if p.count("feed") != 1 {
			t.Error("it was not polled")
		}
	})
}

// TestWhenToPollAgain lets each poll end the same way and looks at the time up to
// the next ones.
func TestWhenToPollAgain(t *testing.T) {
	const day = 24 * time.Hour
	until := func(d time.Duration) error {
		return connector.Throttled(epoch().Add(d), "slow down")
	}
	tests := []struct {
		name, schedule string
		again          time.Duration
		err            error
		// want are the least gaps between the first polls; each may be a fifth more.
		want []time.Duration
	}{
		{"well", "@every 5m", 0, nil, []time.Duration{5 * time.Minute, 5 * time.Minute}},
		{"the source asks for more time", "@every 5m", time.Hour, nil, []time.Duration{time.Hour, time.Hour}},
		{"the source asks for less", "@every 1h", time.Minute, nil, []time.Duration{time.Hour, time.Hour}},
		{"the source asks for ever", "@every 1h", 1 << 62, nil, []time.Duration{7 * day, 7 * day}},
		{"the source asks for the past", "@every 1h", -time.Hour, nil, []time.Duration{time.Hour}},
		{"it fails, on a fast schedule", "@every 1m", 0, errDown, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, 50 * time.Minute, 50 * time.Minute}},
		{"it fails, on a daily schedule", "@every 24h", 0, errDown, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, 64 * time.Second, 128 * time.Second, 256 * time.Second, 512 * time.Second, 1024 * time.Second, 2048 * time.Second, 50 * time.Minute, 50 * time.Minute}},
		{"it fails and asks for time", "@every 24h", time.Hour, errDown, []time.Duration{time.Hour, time.Hour}},
		{"throttled until a time", "@every 5m", 0, until(2 * time.Hour), []time.Duration{2*time.Hour - time.Second, 5 * time.Minute}},
		{"throttled for ever", "@every 5m", 0, until(1000 * day), []time.Duration{7 * day, 7 * day}},
		{"throttled for nobody knows how long", "@every 10s", 0, connector.Throttled(time.Time{}, "slow down"), []time.Duration{15 * time.Second, 30 * time.Second, time.Minute}},
		{"a person must sign in", "@every 1m", 0, connector.Unauthorised("no"), []time.Duration{15 * time.Minute, 15 * time.Minute}},
		{"a person must correct it", "@every 1h", 0, connector.Misconfigured("no"), []time.Duration{time.Hour, time.Hour}},
		{"gone", "@every 1m", 0, connector.Gone("no"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &plugins{poll: always(test.again, test.err)}
				start(t, options(newMemory(), p), polled(t, "feed", test.schedule))
				time.Sleep(15 * day)
				times := p.times("feed", epoch())
				if test.want == nil && len(times) != 1 {
					t.Fatalf("polled %d times", len(times))
				}
				for n, least := range test.want {
					gap := times[n+1] - times[n]
					if gap < least || gap > least+least/5+time.Second {
						t.Errorf("gap %d is %s, and should be a little more than %s", n+1, gap, least)
					}
				}
			})
		})
	}
}

// TestAFirstPollThatFailsIsTriedAgainSoon, not at the schedule's next turn, and less and
// less often; once a poll has gone well, a failure waits for its turn.
func TestAFirstPollThatFailsIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &plugins{}
		p.poll = func(context.Context, pluginhost.Call, event.Checkpoint, emitFunc) (time.Duration, error) {
			if since := time.Since(began); since < 10*time.Second || since > 10*time.Minute {
				return 0, errDown
			}
			return 0, nil
		}
		start(t, options(newMemory(), p), polled(t, "feed", "@every 15m"))
		time.Sleep(40 * time.Minute)
		times := p.times("feed", began)
		if len(times) < 4 || times[1]-times[0] > 4*time.Second {
			t.Fatalf("polled at %v", times)
		}
		well := slices.IndexFunc(times, func(at time.Duration) bool { return at >= 10*time.Second })
		if times[well] > 20*time.Second || times[well+1]-times[well] < 15*time.Minute || len(times)-well != 3 {
			t.Errorf("polled at %v", times)
		}
	})
}

func TestADailyScheduleIsKeptWhileAConnectorFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plugins{poll: always(0, errDown)}
		start(t, options(newMemory(), p), polled(t, "feed", "CRON_TZ=UTC 0 8 * * *"))
		time.Sleep(9 * time.Hour)
		if !slices.Contains(p.times("feed", time.Now().Add(-9*time.Hour)), 8*time.Hour) {
			t.Errorf("it was polled at %v and not at eight", p.times("feed", time.Now().Add(-9*time.Hour)))
		}
	})
}

func TestAGoneConnectorIsPolledAgainOnlyWhenAPersonActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{poll: always(0, connector.Gone("the feed is gone"))}
		i := start(t, options(m, p), polled(t, "feed", "@every 1m"))
		time.Sleep(30 * 24 * time.Hour)
		if n := p.count("feed"); n != 1 {
			t.Fatalf("polled %d times", n)
		}
		if s := i.Status()[0]; s.Health != "gone" || s.Poll.Problem != "the feed is gone" || !s.Poll.Next.IsZero() {
			t.Errorf("the status is %+v", s)
		}
		if _, err := i.PollOnce(t.Context(), "feed"); connector.KindOf(err) != connector.KindGone {
			t.Errorf("the operator's poll returned %v", err)
		}
		time.Sleep(time.Hour)
		if err := i.Apply(t.Context(), []Spec{polled(t, "feed", "@every 2m")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if n := p.count("feed"); n != 3 {
			t.Errorf("polled %d times after an operator's poll and a change", n)
		}
		p.set(always(0, nil))
		if _, err := i.PollOnce(t.Context(), "feed"); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Minute)
		if n := p.count("feed"); n < 8 {
			t.Errorf("polled %d times; it is back, and the schedule should go on", n)
		}
	})
}

func TestATroubleOfTheStoreIsNotTheConnectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told notices
		m, p := newMemory(), &plugins{poll: func(ctx context.Context, _ pluginhost.Call, _ event.Checkpoint, emit emitFunc) (time.Duration, error) {
			return 0, emit(ctx, event.Batch{Events: []event.Event{newEvent("1")}, Checkpoint: event.Checkpoint("1")})
		}}
		o := options(m, p)
		o.Notify = told.add
		i := start(t, o, polled(t, "feed", "@every 24h"))
		m.breaks(store.ErrUnavailable)
		time.Sleep(time.Hour)
		if s := i.Status()[0]; s.Health != "waiting" || s.Poll.Failures != 0 {
			t.Errorf("the status is %+v", s)
		}
		if n := p.count("feed"); n < 5 || n > 20 {
			t.Errorf("polled %d times within an hour", n)
		}
		m.breaks(nil)
		time.Sleep(time.Hour)
		if s := i.Status()[0]; s.Health != healthy {
			t.Errorf("the status is %+v", s)
		}
		if n := len(m.batches()); n != 1 {
			t.Errorf("%d batches were stored", n)
		}
		if list := told.take(); len(list) > 0 {
			t.Errorf("told %+v", list)
		}
	})
}

func TestAPollHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMemory(), &plugins{poll: hang}
		c := polled(t, "feed", "@every 1h")
		c.Timeout = 10 * time.Second
		i := start(t, options(m, p), c, polled(t, "slow", "@every 1h"))
		time.Sleep(time.Minute)
		if s := i.Status()[0]; s.Health != "temporary" || s.Poll.Last.Before(time.Now().Add(-time.Minute)) {
			t.Errorf("the status is %+v", s)
		}
		if s := i.Status()[1]; s.Health != "waiting" {
			t.Errorf("without a timeout the status is %+v", s)
		}
		time.Sleep(2 * time.Minute)
		if s := i.Status()[1]; s.Health != "temporary" {
			t.Errorf("after the default timeout the status is %+v", s)
		}
	})
}

func TestArgumentsThatCannotBeReadAreAMisconfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := polled(t, "feed", "@every 1h")
		c.Arguments = func() ([]byte, error) { return nil, errors.New("argument token: no such file") }
		p := &plugins{}
		i := start(t, options(newMemory(), p), c)
		time.Sleep(time.Second)
		if s := i.Status()[0]; s.Health != "misconfigured" || s.Poll.Problem != "argument token: no such file" || p.count("feed") != 0 {
			t.Errorf("the status is %+v", s)
		}
	})
}

func TestNoticesTellOfChangesOnly(t *testing.T) {
	unauthorised, gone, throttled := connector.Unauthorised("token"), connector.Misconfigured("url"), connector.Throttled(time.Time{}, "slow")
	// A phase is how polls end for so long; "restart" marks that the relay is restarted
	// before it.
	type phase struct {
		err     error
		lasts   time.Duration
		restart bool
	}
	const minute, hours = time.Minute, 3 * time.Hour
	tests := []struct {
		name   string
		phases []phase
		want   []string
	}{
		{"a hiccup", []phase{{nil, 5 * minute, false}, {errDown, minute, false}, {nil, hours, false}, {errDown, minute, false}}, nil},
		{"the network comes late", []phase{{errDown, 40 * time.Second, false}, {nil, hours, false}}, nil},
		{"down for long", []phase{{errDown, 10 * minute, false}, {nil, hours, false}}, []string{"temporary", "ok"}},
		{"a person is needed", []phase{{nil, 5 * minute, false}, {unauthorised, hours, false}, {nil, hours, false}}, []string{"unauthorised", "ok"}},
		{"a person is needed for something else", []phase{{unauthorised, minute, false}, {gone, hours, false}}, []string{"unauthorised", "misconfigured"}},
		{"a person is needed in the end", []phase{{errDown, 10 * minute, false}, {unauthorised, hours, false}, {errDown, hours, false}, {nil, hours, false}}, []string{"temporary", "unauthorised", "ok"}},
		{"throttled for long", []phase{{throttled, hours, false}, {nil, hours, false}}, nil},
		{"throttled in between", []phase{{errDown, 10 * minute, false}, {throttled, hours, false}, {errDown, hours, false}, {nil, hours, false}}, []string{"temporary", "ok"}},
		{"a restart in between", []phase{{errDown, 10 * minute, false}, {nil, hours, true}}, []string{"temporary", "ok"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told notices
				m, p := newMemory(), &plugins{}
				o := options(m, p)
				o.Notify = told.add
				p.set(always(0, test.phases[0].err))
				i := start(t, o, polled(t, "feed", "@every 1m"))
				var got []string
				for _, phase := range test.phases {
					p.set(always(0, phase.err))
					if phase.restart {
						halt(t, i)
						i = start(t, o, polled(t, "feed", "@every 1m"))
					}
					time.Sleep(phase.lasts)
					synctest.Wait()
					for _, notice := range told.take() {
						got = append(got, notice.Health)
						if notice.Broken != (notice.Health != healthy) || notice.Connector != "feed" || notice.Broken && notice.Problem != phase.err.Error() {
							t.Errorf("told %+v", notice)
						}
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("notices (-want +got):\n%s", diff)
				}
			})
		})
	}
}
