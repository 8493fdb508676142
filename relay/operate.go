package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/dispatch"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/notice"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

var _ operator.Relay = (*Relay)(nil)

// Status implements [operator.Relay].
func (r *Relay) Status(ctx context.Context) (operator.Status, error) {
	p := r.current()
	s := operator.Status{
		Version: r.options.Version, Config: r.options.Config, Started: r.started,
		Listen: r.listeners.Address("hooks"), Dashboard: r.listeners.Address("dashboard"),
		Connectors: len(p.Connectors), Channels: len(p.Channels), Problems: []string{},
	}
	r.mu.RLock()
	s.Configured = r.configured
	r.mu.RUnlock()
	for _, l := range r.dispatch.Lanes() {
		s.Waiting += l.Waiting
		if l.State == delivery.Quiet {
			s.Quiet = append(s.Quiet, fmt.Sprintf("channel %s is %s; %d waiting", l.Channel, l.Reason, l.Waiting))
		}
	}
	for _, p := range r.problems(ctx) {
		s.Problems = append(s.Problems, p.text)
	}
	s.Dead, _ = r.countDead(ctx) // that they cannot be counted is one of the problems
	for _, c := range r.intake.Status() {
		if c.Poll.Note != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("connector %s: %s", c.Name, c.Poll.Note))
		}
	}
	return s, nil
}

// Connectors implements [operator.Relay]. Those that are not in the configuration any
// more stand last.
func (r *Relay) Connectors(ctx context.Context) ([]operator.Connector, error) {
	list := []operator.Connector{}
	hooks := r.intake.HookURLs()
	for _, c := range r.intake.Status() {
		used, former := r.hookUse(hooks, c.Name, c.HookPath)
		list = append(list, operator.Connector{
			HookUsed: used, FormerHook: former,
			Name: c.Name, Type: c.Type, Enabled: c.Enabled, HookURL: r.hookURL(c.HookPath), Schedule: c.Schedule,
			Health: c.Health, Problem: c.Problem, Note: c.Poll.Note, Suspended: c.Suspended, LastPoll: c.Poll.Last, NextPoll: c.Poll.Next, LastEvent: c.LastEvent,
		})
	}
	kept, err := r.store.Connectors(ctx)
	for _, c := range kept {
		if !slices.ContainsFunc(list, func(o operator.Connector) bool { return o.Name == c.Name }) {
			used, _ := r.hookUse(hooks, c.Name, "/hooks/"+c.HookToken)
			list = append(list, operator.Connector{Name: c.Name, Type: c.Type, Health: "removed", HookUsed: used, LastEvent: c.LastEvent, LastPoll: c.Poll.Last})
		}
	}
	return list, err
}

// hookUse is when a connector's hook URL was last used, and the one from before its
// rotation, as long as that works.
func (r *Relay) hookUse(hooks []intake.HookURL, name, path string) (used time.Time, former *operator.FormerHook) {
	for _, h := range hooks {
		switch {
		case h.Connector != name:
		case h.Path == path:
			used = h.Used
		case h.Closed == "":
			former = &operator.FormerHook{URL: r.hookURL(h.Path), Until: h.Until, Used: h.Used}
		}
	}
	return used, former
}

// RotateHook implements [operator.Relay].
func (r *Relay) RotateHook(ctx context.Context, name string, grace time.Duration) (operator.Connector, error) {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	if err := r.intake.Rotate(ctx, name, time.Now().Add(grace)); err != nil {
		return operator.Connector{}, meaning(err)
	}
	list, err := r.Connectors(ctx)
	if err != nil {
		return operator.Connector{}, err
	}
	return list[slices.IndexFunc(list, func(c operator.Connector) bool { return c.Name == name })], nil
}

// ForgetConnector implements [operator.Relay].
func (r *Relay) ForgetConnector(ctx context.Context, name string) error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	if r.current().Config.Has("connector", name) {
		return configured("connector", name)
	}
	return meaning(r.intake.Forget(ctx, name))
}

// configured is why something is not forgotten.
func configured(sort, name string) error {
	return fmt.Errorf("%w: %s %s is in the configuration; remove it there and reload first", operator.ErrInvalid, sort, name)
}

// ForgetChannel implements [operator.Relay].
func (r *Relay) ForgetChannel(ctx context.Context, name string) (int, error) {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	if r.current().Config.Has("channel", name) {
		return 0, configured("channel", name)
	}
	n, err := r.store.ForgetChannel(ctx, name)
	if err == nil && n == 0 {
		err = fmt.Errorf("channel %s: %w: nothing is kept of it", name, operator.ErrNotFound)
	}
	return n, err
}

// hookURL is the address to give to a sender: on the public URL, or, where none
// is set, on the listener itself.
func (r *Relay) hookURL(path string) string {
	if path == "" {
		return ""
	}
	return r.publicAddress() + path
}

// publicAddress is what the outside calls the hooks' listener, as far as the relay
// knows.
func (r *Relay) publicAddress() string {
	if base := r.current().Config.Relay.PublicURL; base != "" {
		return base
	}
	return "http://" + r.listeners.Address("hooks")
}

// Channels implements [operator.Relay].
func (r *Relay) Channels(ctx context.Context) ([]operator.Channel, error) {
	dead, err := r.store.DeadLetters(ctx)
	if err != nil {
		return nil, err
	}
	types := make(map[string]string)
	for _, c := range r.current().Config.Channels {
		types[c.Name] = c.Type
	}
	list := []operator.Channel{}
	for _, l := range r.dispatch.Lanes() {
		list = append(list, operator.Channel{
			Name: l.Channel, Type: types[l.Channel], Lane: l.State, Pause: l.Pause, Reason: l.Reason,
			Since: l.Since, Next: l.Next, Waiting: l.Waiting, Dead: dead[l.Channel], Oldest: l.Oldest,
		})
		delete(dead, l.Channel)
	}
	for _, name := range slices.Sorted(maps.Keys(dead)) {
		if types[name] == "" {
			list = append(list, operator.Channel{Name: name, Lane: delivery.Removed, Reason: "the channel is not in the configuration", Dead: dead[name]})
		}
	}
	return list, nil
}

// Plugins implements [operator.Relay].
func (r *Relay) Plugins(context.Context) ([]operator.Plugin, error) {
	list := []operator.Plugin{}
	for _, p := range r.host.Status() {
		list = append(list, operator.Plugin{
			Name: p.Name, Path: p.Path, Bundled: p.Bundled, Types: p.Types, Running: p.Running,
			PID: p.PID, Generation: p.Generation, Problem: p.Problem, Restart: p.Restart,
		})
	}
	return list, nil
}

// Deliveries implements [operator.Relay].
func (r *Relay) Deliveries(ctx context.Context, q operator.Query) ([]operator.Delivery, error) {
	found, err := r.store.Deliveries(ctx, store.Filter{
		Channel: q.Channel, Connector: q.Connector, Event: q.Event, States: q.States, Before: q.Before, Limit: min(q.Limit, operator.MostListed),
	})
	if err != nil {
		return nil, err
	}
	list := make([]operator.Delivery, len(found))
	for i, s := range found {
		list[i] = r.describe(s)
	}
	return list, nil
}

// describe is a stored delivery as an operator sees it.
func (r *Relay) describe(s store.Summary) operator.Delivery {
	d := operator.Delivery{
		ID: s.ID, Event: s.Event, Channel: s.Channel, Connector: s.Connector, Kind: s.Kind, Title: s.Title,
		State: s.State, Attempts: s.Attempts, AcceptedAt: s.AcceptedAt, FinishedAt: s.Finished, NextTry: s.Next, Urgent: s.Urgent, Reason: s.Reason,
	}
	if (s.State == delivery.Delivered || s.State == delivery.Accepted) && s.Last != nil {
		d.Digest, d.DigestCards = s.Digest, s.Last.Gathered
	}
	if d.Reason != "" || s.State != delivery.Waiting {
		return d
	}
	if end := r.dispatch.Quiet(s.Channel); !end.IsZero() && !s.Urgent {
		d.Reason, d.NextTry = "until the quiet hours end", end
	} else if s.Last != nil {
		d.Reason = fmt.Sprintf("%s: %s", s.Last.Verdict, s.Last.Detail)
	}
	return d
}

// Explain implements [operator.Relay].
func (r *Relay) Explain(ctx context.Context, ref string) ([]operator.Explanation, error) {
	ids, err := r.store.FindEvents(ctx, ref)
	if err != nil {
		return nil, err
	}
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil && !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	list := []operator.Explanation{}
	var swept int64
	for _, id := range ids {
		e, err := r.explain(ctx, id)
		if errors.Is(err, store.ErrSwept) {
			swept = id
		}
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	switch {
	case len(list) > 0:
		return list, nil
	case swept != 0:
		return nil, fmt.Errorf("event %d: %w any more: nothing of it was left to do, and it was removed when the retention of %s was over", swept, operator.ErrNotFound, r.current().Config.Relay.Retention)
	default:
		return nil, fmt.Errorf("event %s: %w; `relay events` lists events by number", ref, operator.ErrNotFound)
	}
}

func (r *Relay) explain(ctx context.Context, id int64) (operator.Explanation, error) {
	e, err := r.store.Event(ctx, id)
	if err != nil {
		return operator.Explanation{}, err
	}
	routes, notes := event.Told(e.Traces)
	x := operator.Explanation{Notes: notes, Routes: routes, Deliveries: []operator.Explained{}, Event: operator.Event{
		ID: e.ID, Connector: e.Connector, Key: e.Key, Kind: e.Kind, Time: e.Time,
		AcceptedAt: e.AcceptedAt, Fate: e.Fate, Title: headline(e.Card), Card: e.Card, Data: e.Data,
	}}
	deliveries, err := r.store.Deliveries(ctx, store.Filter{Event: id})
	if err != nil {
		return x, err
	}
	slices.Reverse(deliveries)
	for _, d := range deliveries {
		summary, attempts, err := r.store.Delivery(ctx, d.ID)
		if err != nil {
			return x, err
		}
		explained := operator.Explained{Delivery: r.describe(summary), Tries: []operator.Attempt{}}
		for _, a := range attempts {
			explained.Tries = append(explained.Tries, operator.Attempt{
				Number: a.Number, Started: a.Started, TookMS: float64(a.Took.Microseconds()) / 1000, Verdict: a.Verdict,
				Status: a.Status, Detail: a.Detail, Bytes: a.Bytes, Omitted: a.Omitted, PossibleDuplicate: a.PossibleDuplicate, DigestCards: a.Gathered,
			})
		}
		x.Deliveries = append(x.Deliveries, explained)
	}
	return x, nil
}

// headline is a stored card's title for a list.
func headline(b []byte) string {
	c, err := card.Parse(b)
	if err != nil {
		return ""
	}
	return c.Headline()
}

// Send implements [operator.Relay].
func (r *Relay) Send(ctx context.Context, channel string, c card.Card) (operator.Delivery, error) {
	if !slices.ContainsFunc(r.current().Channels, func(ch dispatch.Spec) bool { return ch.Name == channel }) {
		return operator.Delivery{}, fmt.Errorf("channel %s: %w; `relay channels` lists them", channel, operator.ErrNotFound)
	}
	if err := c.Validate(); err != nil {
		return operator.Delivery{}, fmt.Errorf("%w card: %w", operator.ErrInvalid, err)
	}
	receipt, err := notice.Send(ctx, r.store, channel, c)
	if err != nil {
		return operator.Delivery{}, err
	}
	list, err := r.Deliveries(ctx, operator.Query{Event: receipt.Event, Limit: 1})
	if err != nil || len(list) == 0 {
		return operator.Delivery{Event: receipt.Event, Channel: channel, State: delivery.Waiting}, err
	}
	return list[0], nil
}

// Poll implements [operator.Relay].
func (r *Relay) Poll(ctx context.Context, connector string) (operator.PollReport, error) {
	report, err := r.intake.PollOnce(ctx, connector)
	if err != nil {
		return operator.PollReport{}, meaning(err)
	}
	return operator.PollReport{Events: report.Events, Known: report.Known, Next: report.Next}, nil
}

// DryRun implements [operator.Relay].
func (r *Relay) DryRun(ctx context.Context, connector string) ([]operator.Event, error) {
	events, known, err := r.intake.DryRun(ctx, connector, dryRunEvents)
	if err != nil {
		return nil, meaning(err)
	}
	list := make([]operator.Event, len(events))
	for i, e := range events {
		list[i], err = preview(connector, e)
		if err != nil {
			return nil, err
		}
	}
	return taken(connector, list, known), nil
}

// taken says of events that they are known, or adds what is known to those that are
// new.
func taken(name string, list []operator.Event, known []connector.Known) []operator.Event {
	shown := false
	for _, k := range known {
		if at := slices.IndexFunc(list, func(e operator.Event) bool { return e.Key == k.Key }); at >= 0 {
			list[at].Because, shown = k.Because, true
		}
	}
	for _, k := range known {
		if !shown {
			list = append(list, operator.Event{Connector: name, Key: k.Key, Kind: "known", Title: k.Title, Because: k.Because})
		}
	}
	return list
}

// dryRunEvents is how many events a dry run shows at most.
const dryRunEvents = 20

func preview(connector string, e event.Event) (operator.Event, error) {
	c, err := e.Card.MarshalJSON()
	if err != nil {
		return operator.Event{}, fmt.Errorf("event %s: %w", e.Key, err)
	}
	return operator.Event{Connector: connector, Key: e.Key, Kind: e.Kind, Time: e.Time, Title: e.Card.Headline(), Card: c, Data: e.Data}, nil
}

// Pause implements [operator.Relay].
func (r *Relay) Pause(ctx context.Context, channel, reason string) error {
	if reason == "" {
		reason = "paused by an operator at " + time.Now().Format(time.RFC1123)
	}
	return meaning(r.dispatch.Pause(ctx, channel, reason))
}

// Resume implements [operator.Relay].
func (r *Relay) Resume(ctx context.Context, channel string) error {
	return meaning(r.dispatch.Resume(ctx, channel))
}

// meaning gives an error of a part the meaning that crosses the operator socket.
func meaning(err error) error {
	if errors.Is(err, dispatch.ErrNoChannel) || errors.Is(err, intake.ErrNoConnector) || errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", operator.ErrNotFound, err)
	}
	return err
}

// Replay implements [operator.Relay].
func (r *Relay) Replay(ctx context.Context, s operator.Selection) ([]int64, error) {
	return r.change(ctx, s, r.store.Replay)
}

// Dismiss implements [operator.Relay].
func (r *Relay) Dismiss(ctx context.Context, s operator.Selection) ([]int64, error) {
	return r.change(ctx, s, r.store.Dismiss)
}

// change applies one change to the chosen dead letters, all at once: the store
// keeps their order.
func (r *Relay) change(ctx context.Context, s operator.Selection, do func(context.Context, []int64) ([]int64, error)) ([]int64, error) {
	chosen := s.Deliveries
	if len(chosen) == 0 {
		for ids, err := range r.deadLetters(ctx, s.Channel) {
			if err != nil {
				return []int64{}, err
			}
			chosen = append(chosen, ids...)
		}
	}
	changed, err := do(ctx, chosen)
	return append([]int64{}, changed...), err
}
