package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// access is who may do what, and who did what.
type access struct {
	sessions map[store.Hash]store.Session
	people   map[string]store.Person
	tokens   map[store.Hash]store.APIToken
	// audit is in the order of its IDs.
	audit     []store.AuditEntry
	lastAudit int64
	mutes     map[int64]store.Mute
	lastMute  int64
}

func newAccess() access {
	return access{
		sessions: make(map[store.Hash]store.Session), people: make(map[string]store.Person),
		tokens: make(map[store.Hash]store.APIToken), mutes: make(map[int64]store.Mute),
	}
}

// sweep removes what is over.
func (a *access) sweep(now, before time.Time) {
	over := func(t time.Time) bool { return !t.IsZero() && t.Before(now) }
	maps.DeleteFunc(a.sessions, func(_ store.Hash, n store.Session) bool { return over(n.Expires) })
	maps.DeleteFunc(a.tokens, func(_ store.Hash, t store.APIToken) bool {
		return !t.Expires.IsZero() && over(t.Expires.Add(store.KeepExpired))
	})
	maps.DeleteFunc(a.mutes, func(_ int64, m store.Mute) bool { return over(m.Until) })
	if kept := now.Add(-store.KeepAudit); kept.Before(before) {
		before = kept
	}
	a.audit = slices.DeleteFunc(a.audit, func(e store.AuditEntry) bool {
		return e.Time.Before(before) || e.ID <= a.lastAudit-store.MaxAudit
	})
}

// SaveSession implements [store.Store].
func (s *Store) SaveSession(ctx context.Context, n store.Session) error {
	return s.use(ctx, func() error {
		s.access.sessions[n.Hash] = n
		var hers []store.Session
		for _, one := range s.access.sessions {
			if one.Person == n.Person {
				hers = append(hers, one)
			}
		}
		slices.SortFunc(hers, func(a, b store.Session) int { return b.Created.Compare(a.Created) })
		for _, old := range hers[min(len(hers), store.MaxSessions):] {
			delete(s.access.sessions, old.Hash)
		}
		return nil
	})
}

// Session implements [store.Store].
func (s *Store) Session(ctx context.Context, hash store.Hash) (store.Session, error) {
	return lookUp(ctx, s, "session", s.access.sessions, hash)
}

// SaveSessionUse implements [store.Store].
func (s *Store) SaveSessionUse(ctx context.Context, used map[store.Hash]time.Time) error {
	return s.use(ctx, func() error {
		for hash, at := range used {
			if n, found := s.access.sessions[hash]; found && at.After(n.Used) {
				n.Used = at
				s.access.sessions[hash] = n
			}
		}
		return nil
	})
}

// EndSession implements [store.Store].
func (s *Store) EndSession(ctx context.Context, hash store.Hash) error {
	return s.use(ctx, func() error {
		delete(s.access.sessions, hash)
		return nil
	})
}

// EndSessions implements [store.Store].
func (s *Store) EndSessions(ctx context.Context, person string) (ended int, err error) {
	err = s.use(ctx, func() error {
		before := len(s.access.sessions)
		maps.DeleteFunc(s.access.sessions, func(_ store.Hash, n store.Session) bool { return n.Person == person })
		ended = before - len(s.access.sessions)
		return nil
	})
	return ended, err
}

// SavePerson implements [store.Store].
func (s *Store) SavePerson(ctx context.Context, p store.Person) error {
	return s.use(ctx, func() error {
		p.Groups = slices.Clone(p.Groups)
		s.access.people[p.Name] = p
		return nil
	})
}

// Person implements [store.Store].
func (s *Store) Person(ctx context.Context, name string) (store.Person, error) {
	return lookUp(ctx, s, name, s.access.people, name)
}

// People implements [store.Store].
func (s *Store) People(ctx context.Context) ([]store.Person, error) {
	return sorted(ctx, s, s.access.people, all, func(a, b store.Person) int { return strings.Compare(a.Name, b.Name) })
}

// AddAPIToken implements [store.Store].
func (s *Store) AddAPIToken(ctx context.Context, t store.APIToken) error {
	return s.use(ctx, func() error {
		for _, other := range s.access.tokens {
			if other.Hash == t.Hash || other.Person == t.Person && other.Name == t.Name {
				return fmt.Errorf("add token %s: %w", t.Name, store.ErrTaken)
			}
		}
		t.Scopes = slices.Clone(t.Scopes)
		s.access.tokens[t.Hash] = t
		return nil
	})
}

// APIToken implements [store.Store].
func (s *Store) APIToken(ctx context.Context, hash store.Hash) (store.APIToken, error) {
	return lookUp(ctx, s, "token", s.access.tokens, hash)
}

// APITokens implements [store.Store].
func (s *Store) APITokens(ctx context.Context, person string) ([]store.APIToken, error) {
	return sorted(ctx, s, s.access.tokens, func(t store.APIToken) bool { return person == "" || t.Person == person },
		func(a, b store.APIToken) int {
			return cmp.Or(strings.Compare(a.Person, b.Person), strings.Compare(a.Name, b.Name))
		})
}

// RevokeAPIToken implements [store.Store].
func (s *Store) RevokeAPIToken(ctx context.Context, person, name string) error {
	return s.use(ctx, func() error {
		for hash, t := range s.access.tokens {
			if t.Person == person && t.Name == name {
				delete(s.access.tokens, hash)
				return nil
			}
		}
		return fmt.Errorf("revoke token %s of %s: %w", name, person, store.ErrNotFound)
	})
}

// SaveAPITokenUse implements [store.Store].
func (s *Store) SaveAPITokenUse(ctx context.Context, used map[store.Hash]time.Time) error {
	return s.use(ctx, func() error {
		for hash, at := range used {
			if t, found := s.access.tokens[hash]; found && at.After(t.Used) {
				t.Used = at
				s.access.tokens[hash] = t
			}
		}
		return nil
	})
}

// Audit implements [store.Store].
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error {
	return s.use(ctx, func() error {
		s.access.lastAudit++
		e.ID = s.access.lastAudit
		s.access.audit = append(s.access.audit, e)
		return nil
	})
}

// AuditLog implements [store.Store].
func (s *Store) AuditLog(ctx context.Context, f store.AuditFilter) (list []store.AuditEntry, err error) {
	err = s.use(ctx, func() error {
		for _, e := range slices.Backward(s.access.audit) {
			if len(list) == cmp.Or(f.Limit, store.DefaultLimit) {
				break
			}
			if (f.Who == "" || e.Who == f.Who) && (f.Subject == "" || e.Subject == f.Subject) && (f.Before == 0 || e.ID < f.Before) {
				list = append(list, e)
			}
		}
		return nil
	})
	return list, err
}

// Mutes implements [store.Store].
func (s *Store) Mutes(ctx context.Context) ([]store.Mute, error) {
	return sorted(ctx, s, s.access.mutes, all, func(a, b store.Mute) int { return cmp.Compare(a.ID, b.ID) })
}

// SaveMute implements [store.Store].
func (s *Store) SaveMute(ctx context.Context, m store.Mute) (store.Mute, error) {
	err := s.use(ctx, func() error {
		if _, found := s.access.mutes[m.ID]; !found && m.ID != 0 {
			return fmt.Errorf("mute %s %s: %w", m.Sort, m.Name, store.ErrNotFound)
		}
		if m.ID == 0 {
			s.access.lastMute++
			m.ID = s.access.lastMute
		}
		s.access.mutes[m.ID] = m
		return nil
	})
	return m, err
}

// EndMute implements [store.Store].
func (s *Store) EndMute(ctx context.Context, id int64) error {
	return remove(ctx, s, "end a mute", s.access.mutes, id)
}
