package memory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// keys are the keys that a connector has reported.
type keys struct{ known map[string]known }

// known is what is stored with a key.
type known struct {
	event       int64
	fingerprint []byte
	expires     time.Time
}

// keysOf returns the keys of a connector, opened or not.
func (s *Store) keysOf(connector string) *keys {
	if s.keys[connector] == nil {
		s.keys[connector] = &keys{known: make(map[string]known)}
	}
	return s.keys[connector]
}

// Accept implements [store.Store].
func (s *Store) Accept(ctx context.Context, b store.Batch) (receipts []store.Receipt, err error) {
	b.Events = slices.Clone(b.Events)
	for i := range b.Events {
		if e := &b.Events[i]; e.Encoded == nil {
			if e.Encoded, err = e.Card.MarshalJSON(); err != nil {
				return nil, fmt.Errorf("event %d of the batch: encode its card: %w", i+1, err)
			}
		}
	}
	err = s.use(ctx, func() error {
		if err := s.acceptable(b); err != nil {
			return err
		}
		for _, e := range b.Events {
			receipts = append(receipts, s.entry(b.Connector, e))
		}
		if b.Checkpoint != nil {
			s.connectors[b.Connector].Checkpoint = bytes.Clone(b.Checkpoint)
		}
		return nil
	})
	return receipts, err
}

// acceptable says why nothing of a batch can be stored.
func (s *Store) acceptable(b store.Batch) error {
	if b.Checkpoint != nil && s.connectors[b.Connector] == nil {
		return fmt.Errorf("checkpoint of connector %s, which was never opened: %w", b.Connector, store.ErrNotFound)
	}
	batch := make(map[string]known) // what the batch itself reports first
	for _, e := range b.Events {
		was, seen := s.keysOf(b.Connector).known[e.Key]
		if !seen {
			was, seen = batch[e.Key]
		}
		switch {
		case e.Key == "":
		case !seen:
			batch[e.Key] = known{fingerprint: e.Fingerprint}
		case len(was.fingerprint) > 0 && len(e.Fingerprint) > 0 && !bytes.Equal(was.fingerprint, e.Fingerprint):
			return &store.ConflictError{Key: e.Key, Event: s.kept(was.event)}
		}
	}
	return nil
}

// kept returns the ID of an event, 0 when it has been swept.
func (s *Store) kept(id int64) int64 {
	if s.event(id) == nil {
		return 0
	}
	return id
}

// entry stores one event with its deliveries, unless its key is known.
func (s *Store) entry(connector string, e store.Entry) store.Receipt {
	now, keys := time.Now(), s.keysOf(connector).known
	if was, seen := keys[e.Key]; seen && e.Key != "" {
		was.expires = now.Add(store.KeepKeys)
		keys[e.Key] = was
		return store.Receipt{Event: s.kept(was.event), Seen: true}
	}
	s.lastEvent++
	if e.Key != "" {
		keys[e.Key] = known{event: s.lastEvent, fingerprint: e.Fingerprint, expires: now.Add(store.KeepKeys)}
	}
	stored := &store.Event{
		ID: s.lastEvent, Connector: connector, Key: cmp.Or(e.Key, rand.Text()), Kind: e.Kind, Thread: e.Thread, Time: e.Time, AcceptedAt: now,
		Card: bytes.Clone(e.Encoded), Data: bytes.Clone(e.Data), Fate: e.Fate, Traces: slices.Clone(e.Traces),
	}
	if len(stored.Data) == 0 {
		stored.Data = []byte("{}")
	}
	s.events = append(s.events, stored)
	if c := s.connectors[connector]; c != nil {
		c.LastEvent = now
	}
	for _, d := range e.Deliveries {
		s.draft(stored, d)
	}
	return store.Receipt{Event: stored.ID}
}

// draft stores one delivery of an event.
func (s *Store) draft(e *store.Event, draft store.Draft) {
	s.lastDelivery++
	d := &stored{Delivery: delivery.Delivery{
		ID: s.lastDelivery, Channel: draft.Channel, Event: e.ID, Connector: e.Connector, State: delivery.Waiting,
		AcceptedAt: e.AcceptedAt, Card: e.Card, Key: e.Key, Thread: e.Thread, Urgent: draft.Urgent, Reason: draft.Dead,
	}}
	if len(draft.Card) > 0 {
		d.Card = bytes.Clone(draft.Card)
	}
	if draft.Dead != "" {
		d.State, d.finished = delivery.Dead, e.AcceptedAt
	} else {
		s.notice.Accepted = append(s.notice.Accepted, d.Channel)
	}
	s.deliveries = append(s.deliveries, d)
}

// OpenConnector implements [store.Store].
func (s *Store) OpenConnector(ctx context.Context, name, typ string) (c store.Kept, err error) {
	err = s.use(ctx, func() error {
		k := s.connectors[name]
		if k == nil {
			for other := range s.connectors {
				if s.keys[other] == s.keysOf(name) {
					delete(s.keys, name) // the other has taken them along
				}
			}
			k = &store.Kept{Name: name, Type: typ, HookToken: s.token(name)}
			s.connectors[name] = k
		}
		if k.Type != typ {
			*k = store.Kept{Name: name, Type: typ, HookToken: k.HookToken, HookUsed: k.HookUsed, Former: k.Former}
			clear(s.keysOf(name).known)
		}
		c = *k
		return nil
	})
	return c, err
}

// Connectors implements [store.Store].
func (s *Store) Connectors(ctx context.Context) (list []store.Kept, err error) {
	err = s.use(ctx, func() error {
		for _, name := range slices.Sorted(maps.Keys(s.connectors)) {
			list = append(list, *s.connectors[name])
		}
		return nil
	})
	return list, err
}

// change changes what is stored about a connector.
func (s *Store) change(ctx context.Context, name string, change func(*store.Kept)) error {
	return s.use(ctx, func() error {
		c := s.connectors[name]
		if c == nil {
			return fmt.Errorf("connector %s: %w", name, store.ErrNotFound)
		}
		change(c)
		return nil
	})
}

// SavePoll implements [store.Store].
func (s *Store) SavePoll(ctx context.Context, connector string, p store.Poll) error {
	return s.change(ctx, connector, func(c *store.Kept) { c.Poll = p })
}

// ForgetConnector implements [store.Store].
func (s *Store) ForgetConnector(ctx context.Context, name string) error {
	return s.change(ctx, name, func(*store.Kept) {
		clear(s.keysOf(name).known)
		delete(s.connectors, name)
		delete(s.tokens, name)
		maps.DeleteFunc(s.refusals, func(r refusal, _ *store.Refusal) bool { return r.connector == name })
	})
}

// RotateHook implements [store.Store].
func (s *Store) RotateHook(ctx context.Context, connector string, until time.Time) (token string, err error) {
	err = s.change(ctx, connector, func(c *store.Kept) {
		if now := time.Now(); until.Before(now) {
			until = now
		}
		token = s.token(connector)
		c.Former = store.FormerHook{Token: c.HookToken, Until: until, Used: c.HookUsed}
		c.HookToken, c.HookUsed = token, time.Time{}
	})
	return token, err
}

// SaveHookUse implements [store.Store].
func (s *Store) SaveHookUse(ctx context.Context, used map[string]time.Time) error {
	return s.use(ctx, func() error {
		for _, c := range s.connectors {
			if at := used[c.HookToken]; at.After(c.HookUsed) {
				c.HookUsed = at
			}
			if at := used[c.Former.Token]; c.Former.Token != "" && at.After(c.Former.Used) {
				c.Former.Used = at
			}
		}
		return nil
	})
}

// MoveConnector implements [store.Store].
func (s *Store) MoveConnector(ctx context.Context, from, to string, token []byte) error {
	return s.use(ctx, func() error {
		c, other := s.connectors[from], s.connectors[to]
		switch {
		case c == nil:
			return fmt.Errorf("connector %s: %w", from, store.ErrNotFound)
		case other != nil && (!other.LastEvent.IsZero() || other.Checkpoint != nil):
			return fmt.Errorf("connector %s: %w", to, store.ErrTaken)
		}
		c.Name = to
		s.connectors[to], s.keys[to] = c, s.keysOf(from)
		delete(s.connectors, from)
		delete(s.tokens, from)
		if token != nil {
			s.tokens[to] = bytes.Clone(token)
		}
		return nil
	})
}

// SaveToken implements [store.Store].
func (s *Store) SaveToken(ctx context.Context, connector string, sealed []byte) error {
	return s.use(ctx, func() error {
		if sealed == nil {
			delete(s.tokens, connector)
		} else {
			s.tokens[connector] = bytes.Clone(sealed)
		}
		return nil
	})
}

// Token implements [store.Store].
func (s *Store) Token(ctx context.Context, connector string) (sealed []byte, err error) {
	err = s.use(ctx, func() error {
		if sealed = s.tokens[connector]; sealed == nil {
			return fmt.Errorf("token of connector %s: %w", connector, store.ErrNotFound)
		}
		return nil
	})
	return sealed, err
}
