package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// Faults makes any store fail, wait, or lose what it answers, where a test wants it to.
type Faults struct {
	store.Store

	mu    sync.Mutex
	fault Fault
}

// Fault stands between a caller and a method of the store, such as "Record". It may call
// the method or not, wait before or after, and return what it likes.
type Fault func(ctx context.Context, method string, call func() error) error

// NewFaults puts faults around a store. There are none yet.
func NewFaults(s store.Store) *Faults { return &Faults{Store: s, fault: well} }

// Inject puts a fault in place of the one before; nil means that all is well.
func (f *Faults) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault = fault; fault == nil {
		f.fault = well
	}
}

func well(_ context.Context, _ string, call func() error) error { return call() }

// Fail makes these methods fail, all of them where none is named, with nothing done.
func Fail(err error, methods ...string) Fault {
	return func(_ context.Context, method string, call func() error) error {
		if len(methods) == 0 || slices.Contains(methods, method) {
			return err
		}
		return call()
	}
}

// Lose makes these methods do what they do and then fail, as when the store's answer is
// lost.
func Lose(err error, methods ...string) Fault {
	return func(_ context.Context, method string, call func() error) error {
		done := call()
		if done == nil && slices.Contains(methods, method) {
			return err
		}
		return done
	}
}

// Delay makes these methods wait before they do anything.
func Delay(d time.Duration, methods ...string) Fault {
	return func(ctx context.Context, method string, call func() error) error {
		if slices.Contains(methods, method) {
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return call()
	}
}

// through calls a method by way of the fault.
func (f *Faults) through(ctx context.Context, method string, call func() error) error {
	f.mu.Lock()
	fault := f.fault
	f.mu.Unlock()
	return fault(ctx, method, call)
}

// ask is through for a method that answers.
func ask[T any](ctx context.Context, f *Faults, method string, call func() (T, error)) (answer T, err error) {
	err = f.through(ctx, method, func() (err error) {
		answer, err = call()
		return err
	})
	return answer, err
}

// Accept implements [store.Store].
func (f *Faults) Accept(ctx context.Context, b store.Batch) ([]store.Receipt, error) {
	return ask(ctx, f, "Accept", func() ([]store.Receipt, error) { return f.Store.Accept(ctx, b) })
}

// OpenConnector implements [store.Store].
func (f *Faults) OpenConnector(ctx context.Context, name, typ string) (store.Kept, error) {
	return ask(ctx, f, "OpenConnector", func() (store.Kept, error) { return f.Store.OpenConnector(ctx, name, typ) })
}

// Connectors implements [store.Store].
func (f *Faults) Connectors(ctx context.Context) ([]store.Kept, error) {
	return ask(ctx, f, "Connectors", func() ([]store.Kept, error) { return f.Store.Connectors(ctx) })
}

// SavePoll implements [store.Store].
func (f *Faults) SavePoll(ctx context.Context, connector string, p store.Poll) error {
	return f.through(ctx, "SavePoll", func() error { return f.Store.SavePoll(ctx, connector, p) })
}

// ForgetConnector implements [store.Store].
func (f *Faults) ForgetConnector(ctx context.Context, name string) error {
	return f.through(ctx, "ForgetConnector", func() error { return f.Store.ForgetConnector(ctx, name) })
}

// RotateHook implements [store.Store].
func (f *Faults) RotateHook(ctx context.Context, connector string, until time.Time) (string, error) {
	return ask(ctx, f, "RotateHook", func() (string, error) { return f.Store.RotateHook(ctx, connector, until) })
}

// SaveHookUse implements [store.Store].
func (f *Faults) SaveHookUse(ctx context.Context, used map[string]time.Time) error {
	return f.through(ctx, "SaveHookUse", func() error { return f.Store.SaveHookUse(ctx, used) })
}

// Refuse implements [store.Store].
func (f *Faults) Refuse(ctx context.Context, list []store.Refusal) error {
	return f.through(ctx, "Refuse", func() error { return f.Store.Refuse(ctx, list) })
}

// SaveToken implements [store.Store].
func (f *Faults) SaveToken(ctx context.Context, connector string, sealed []byte) error {
	return f.through(ctx, "SaveToken", func() error { return f.Store.SaveToken(ctx, connector, sealed) })
}

// Token implements [store.Store].
func (f *Faults) Token(ctx context.Context, connector string) ([]byte, error) {
	return ask(ctx, f, "Token", func() ([]byte, error) { return f.Store.Token(ctx, connector) })
}

// Lanes implements [store.Store].
func (f *Faults) Lanes(ctx context.Context) ([]delivery.Lane, error) {
	return ask(ctx, f, "Lanes", func() ([]delivery.Lane, error) { return f.Store.Lanes(ctx) })
}

// SaveLane implements [store.Store].
func (f *Faults) SaveLane(ctx context.Context, l delivery.Lane) error {
	return f.through(ctx, "SaveLane", func() error { return f.Store.SaveLane(ctx, l) })
}

// Waiting implements [store.Store].
func (f *Faults) Waiting(ctx context.Context, channel string) (all, most int, err error) {
	err = f.through(ctx, "Waiting", func() (err error) {
		all, most, err = f.Store.Waiting(ctx, channel)
		return err
	})
	return all, most, err
}

// Heads implements [store.Store].
func (f *Faults) Heads(ctx context.Context, channel string, urgent bool, n int) ([]delivery.Delivery, error) {
	return ask(ctx, f, "Heads", func() ([]delivery.Delivery, error) { return f.Store.Heads(ctx, channel, urgent, n) })
}

// Turns implements [store.Store].
func (f *Faults) Turns(ctx context.Context, channel, from string, urgent bool, n int) ([]delivery.Delivery, error) {
	return ask(ctx, f, "Turns", func() ([]delivery.Delivery, error) { return f.Store.Turns(ctx, channel, from, urgent, n) })
}

// Record implements [store.Store].
func (f *Faults) Record(ctx context.Context, results ...delivery.Result) error {
	return f.through(ctx, "Record", func() error { return f.Store.Record(ctx, results...) })
}

// MoveChannel implements [store.Store].
func (f *Faults) MoveChannel(ctx context.Context, from, to string) (int, error) {
	return ask(ctx, f, "MoveChannel", func() (int, error) { return f.Store.MoveChannel(ctx, from, to) })
}

// Deliveries implements [store.Store].
func (f *Faults) Deliveries(ctx context.Context, which store.Filter) ([]store.Summary, error) {
	return ask(ctx, f, "Deliveries", func() ([]store.Summary, error) { return f.Store.Deliveries(ctx, which) })
}

// SelectDeliveries implements [store.Store].
func (f *Faults) SelectDeliveries(ctx context.Context, which store.Filter) (store.Selected, error) {
	return ask(ctx, f, "SelectDeliveries", func() (store.Selected, error) { return f.Store.SelectDeliveries(ctx, which) })
}

// Rates implements [store.Store].
func (f *Faults) Rates(ctx context.Context) (store.Rates, error) {
	return ask(ctx, f, "Rates", func() (store.Rates, error) { return f.Store.Rates(ctx) })
}

// Delivery implements [store.Store].
func (f *Faults) Delivery(ctx context.Context, id int64) (sum store.Summary, attempts []delivery.Attempt, err error) {
	err = f.through(ctx, "Delivery", func() (err error) {
		sum, attempts, err = f.Store.Delivery(ctx, id)
		return err
	})
	return sum, attempts, err
}

// DeadLetters implements [store.Store].
func (f *Faults) DeadLetters(ctx context.Context) (map[string]int, error) {
	return ask(ctx, f, "DeadLetters", func() (map[string]int, error) { return f.Store.DeadLetters(ctx) })
}

// Events implements [store.Store].
func (f *Faults) Events(ctx context.Context, which store.EventFilter) ([]store.EventSummary, error) {
	return ask(ctx, f, "Events", func() ([]store.EventSummary, error) { return f.Store.Events(ctx, which) })
}

// Event implements [store.Store].
func (f *Faults) Event(ctx context.Context, id int64) (store.Event, error) {
	return ask(ctx, f, "Event", func() (store.Event, error) { return f.Store.Event(ctx, id) })
}

// FindEvents implements [store.Store].
func (f *Faults) FindEvents(ctx context.Context, key string) ([]int64, error) {
	return ask(ctx, f, "FindEvents", func() ([]int64, error) { return f.Store.FindEvents(ctx, key) })
}

// Refusals implements [store.Store].
func (f *Faults) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	return ask(ctx, f, "Refusals", func() ([]store.Refusal, error) { return f.Store.Refusals(ctx, connector) })
}

// Replay implements [store.Store].
func (f *Faults) Replay(ctx context.Context, ids []int64) ([]int64, error) {
	return ask(ctx, f, "Replay", func() ([]int64, error) { return f.Store.Replay(ctx, ids) })
}

// Dismiss implements [store.Store].
func (f *Faults) Dismiss(ctx context.Context, ids []int64) ([]int64, error) {
	return ask(ctx, f, "Dismiss", func() ([]int64, error) { return f.Store.Dismiss(ctx, ids) })
}

// ForgetChannel implements [store.Store].
func (f *Faults) ForgetChannel(ctx context.Context, channel string) (int, error) {
	return ask(ctx, f, "ForgetChannel", func() (int, error) { return f.Store.ForgetChannel(ctx, channel) })
}

// MoveConnector implements [store.Store].
func (f *Faults) MoveConnector(ctx context.Context, from, to string, token []byte) error {
	return f.through(ctx, "MoveConnector", func() error { return f.Store.MoveConnector(ctx, from, to, token) })
}

// Sweep implements [store.Store].
func (f *Faults) Sweep(ctx context.Context, before time.Time) (int, error) {
	return ask(ctx, f, "Sweep", func() (int, error) { return f.Store.Sweep(ctx, before) })
}

// Ping implements [store.Store].
func (f *Faults) Ping(ctx context.Context) error {
	return f.through(ctx, "Ping", func() error { return f.Store.Ping(ctx) })
}
