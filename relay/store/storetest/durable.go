package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/store"
)

// RunDurable runs what a store that outlives its process passes besides [Run]. Open
// returns a fresh, empty store, and restart, which opens the store as the next process
// finds it when this one has died, or has closed the store. The suite closes them all.
func RunDurable(t *testing.T, open func(t *testing.T) (s store.Store, restart func() store.Store)) {
	tests := []struct {
		name string
		run  func(s *durable)
	}{
		{"what was acknowledged is there after a death", (*durable).death},
		{"a card over which the relay dies twice is a dead letter", (*durable).crashes},
		{"a stop is no death", (*durable).stop},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &durable{suite: &suite{T: t}}
			s.store, s.again = open(t)
			t.Cleanup(s.close)
			test.run(s)
		})
	}
}

// durable is one test's store, and how it is opened again.
type durable struct {
	*suite
	again func() store.Store
}

func (s *durable) close() {
	if err := s.store.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
}

// restart leaves the store as a process that dies does.
func (s *durable) restart() {
	dead := s.store
	s.store = s.again()
	if err := dead.Close(); err != nil {
		s.Errorf("close what was left: %v", err)
	}
}

// everything is all that can be read of a store.
type everything struct {
	Connectors []store.Kept
	Token      []byte
	Refusals   []store.Refusal
	Lanes      []delivery.Lane
	Heads      []delivery.Delivery
	Deliveries []store.Summary
	Attempts   []delivery.Attempt
	Events     []store.EventSummary
	Blocks     []store.Block
	Secret     []byte
	Pictures   []store.Picture
	Sessions   []store.Session
	People     []store.Person
	APITokens  []store.APIToken
	Audit      []store.AuditEntry
	Mutes      []store.Mute
}

func (s *durable) everything() (e everything) {
	s.Helper()
	var err error
	e.Connectors, err = s.store.Connectors(s.ctx())
	s.ok(err, "connectors")
	e.Token, err = s.store.Token(s.ctx(), "c")
	s.ok(err, "token")
	e.Refusals, err = s.store.Refusals(s.ctx(), "")
	s.ok(err, "refusals")
	e.Lanes, e.Heads = s.lanes(), s.heads("a")
	e.Deliveries, err = s.store.Deliveries(s.ctx(), store.Filter{Cards: true})
	s.ok(err, "deliveries")
	for _, d := range e.Deliveries {
		_, attempts := s.summary(d.ID)
		e.Attempts = append(e.Attempts, attempts...)
	}
	e.Events, err = s.store.Events(s.ctx(), store.EventFilter{})
	s.ok(err, "events")
	s.saved(&e)
	return e
}

// saved adds what people have saved and done.
func (s *durable) saved(e *everything) {
	s.Helper()
	var errs [8]error
	e.Blocks, errs[0] = s.store.Blocks(s.ctx())
	e.Secret, errs[1] = s.store.Secret(s.ctx(), "c.token")
	e.Pictures, errs[2] = s.store.Pictures(s.ctx(), "")
	e.People, errs[3] = s.store.People(s.ctx())
	e.APITokens, errs[4] = s.store.APITokens(s.ctx(), "")
	e.Audit, errs[5] = s.store.AuditLog(s.ctx(), store.AuditFilter{})
	e.Mutes, errs[6] = s.store.Mutes(s.ctx())
	session, err := s.store.Session(s.ctx(), hash("s"))
	e.Sessions, errs[7] = []store.Session{session}, err
	s.ok(errors.Join(errs[:]...), "read what people have saved")
}

// save saves one of everything that people save and do.
func (s *durable) save() {
	s.Helper()
	s.saveBlock(store.Block{Name: "c", HCL: "connector"}, map[string][]byte{"c.token": []byte("sealed")})
	_, err := s.store.SaveMute(s.ctx(), store.Mute{Sort: "channel", Name: "a", Until: now()})
	s.ok(errors.Join(
		err,
		s.store.SavePicture(s.ctx(), store.Picture{ID: "p", Content: []byte("picture")}),
		s.store.SaveSession(s.ctx(), store.Session{Hash: hash("s"), Person: "ada", Expires: now()}),
		s.store.SavePerson(s.ctx(), store.Person{Name: "ada", Groups: []string{"g"}}),
		s.store.AddAPIToken(s.ctx(), store.APIToken{Hash: hash("t"), Person: "ada", Name: "ci", Scopes: []string{"read"}}),
		s.store.Audit(s.ctx(), store.AuditEntry{Time: now(), Who: "ada", Action: "save"}),
	), "save")
}

func (s *durable) death() {
	s.openConnector("c", "rss")
	known := store.Batch{Connector: "c", Events: []store.Entry{entry("k", "1", "a", "b"), entry("l", "2", "a")}, Checkpoint: event.Checkpoint("x")}
	receipts, err := s.store.Accept(s.ctx(), known)
	s.ok(err, "accept")
	s.fill("a", 3)
	list := s.heads("a")
	s.record(list[0], delivery.Delivered, delivery.VerdictDelivered)
	s.record(list[1], delivery.Dead, delivery.VerdictRejected)
	s.record(list[2], delivery.Waiting, delivery.VerdictFailed)
	s.ok(s.store.SaveLane(s.ctx(), delivery.Lane{Channel: "b", Pause: delivery.PausedByOperator, Reason: "maintenance"}), "save lane")
	s.ok(s.store.SavePoll(s.ctx(), "c", store.Poll{Health: "ok", Note: "well"}), "save poll")
	s.ok(s.store.SaveToken(s.ctx(), "c", []byte("sealed")), "save token")
	s.ok(s.store.Refuse(s.ctx(), []store.Refusal{{Connector: "c", Reason: "no JSON", Count: 1}}), "refuse")
	s.save()
	before := s.everything()
	s.restart()
	equal(s, s.everything(), before, "what is there after a death")
	known.Events = append(known.Events, entry("m", "3", "a"))
	again, err := s.store.Accept(s.ctx(), known)
	s.ok(err, "accept")
	equal(s, again[0], store.Receipt{Event: receipts[0].Event, Seen: true}, "receipt of a key from before")
	if last := before.Events[0].ID; again[2].Event <= last {
		s.Errorf("a new event has the number %d, which is not behind %d", again[2].Event, last)
	}
}

// crashCounts are the crashes of what waits.
func (s *durable) crashCounts() (list []int) {
	s.Helper()
	for _, d := range s.heads("a") {
		list = append(list, d.Crashes)
	}
	return list
}

func (s *durable) crashes() {
	list := s.fill("a", 3)
	guilty, passed, well := list[0], list[1], list[2]
	die := func() {
		s.Helper()
		s.store.Rendering(well.ID)()
		s.store.Rendering(guilty.ID, passed.ID)
		s.restart()
	}
	die()
	equal(s, s.crashCounts(), []int{1, 1, 0}, "crashes after one death")
	s.record(passed, delivery.Waiting, delivery.VerdictFailed)
	equal(s, s.crashCounts(), []int{1, 0, 0}, "crashes after an attempt")
	die()
	equal(s, s.crashCounts(), []int{1, 0}, "crashes of what waits after the second death")
	sum, _ := s.summary(guilty.ID)
	if sum.State != delivery.Dead || !strings.Contains(sum.Reason, "died 2 times") || sum.Finished.IsZero() {
		s.Errorf("the card over which the relay died twice is %s: %q", sum.State, sum.Reason)
	}
	_, err := s.store.Replay(s.ctx(), []int64{guilty.ID})
	s.ok(err, "replay")
	equal(s, s.crashCounts(), []int{0, 1, 0}, "crashes after a replay")
}

func (s *durable) stop() {
	d := s.fill("a", 1)[0]
	s.store.Rendering(d.ID)
	s.ok(s.store.Close(), "close")
	s.restart()
	equal(s, s.crashCounts(), []int{0}, "crashes after a stop")
}
