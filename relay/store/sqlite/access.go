package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// SaveSession implements [store.Store].
func (s *Store) SaveSession(ctx context.Context, n store.Session) error {
	return s.write(ctx, &operation{what: "save a session", do: func(w *writer) error {
		if _, err := w.exec("INSERT OR REPLACE INTO sessions (hash, person, created, used, expires, proof) VALUES (?,?,?,?,?,?)",
			n.Hash[:], n.Person, micros(n.Created), micros(n.Used), micros(n.Expires), n.Proof); err != nil {
			return err
		}
		_, err := w.exec("DELETE FROM sessions WHERE person = ?1 AND hash NOT IN (SELECT hash FROM sessions WHERE person = ?1 ORDER BY created DESC LIMIT ?2)", n.Person, store.MaxSessions)
		return err
	}})
}

// Session implements [store.Store].
func (s *Store) Session(ctx context.Context, hash store.Hash) (store.Session, error) {
	return readOne(ctx, s, "session", func(scan func(...any) error) (store.Session, error) {
		n := store.Session{Hash: hash}
		var created, used, expires int64
		err := scan(&n.Person, &created, &used, &expires, &n.Proof)
		n.Created, n.Used, n.Expires = moment(created), moment(used), moment(expires)
		return n, err
	}, "SELECT person, created, used, expires, proof FROM sessions WHERE hash = ?", hash[:])
}

// SaveSessionUse implements [store.Store].
func (s *Store) SaveSessionUse(ctx context.Context, used map[store.Hash]time.Time) error {
	return s.saveUse(ctx, "save when sessions were last used", "UPDATE sessions SET used = ?1 WHERE hash = ?2 AND used < ?1", used)
}

// saveUse keeps when what has these hashes was last used.
func (s *Store) saveUse(ctx context.Context, what, query string, used map[store.Hash]time.Time) error {
	return s.write(ctx, &operation{what: what, rows: len(used), do: func(w *writer) error {
		for hash, at := range used {
			if _, err := w.exec(query, micros(at), hash[:]); err != nil {
				return err
			}
		}
		return nil
	}})
}

// EndSession implements [store.Store].
func (s *Store) EndSession(ctx context.Context, hash store.Hash) error {
	return s.write(ctx, &operation{what: "end a session", do: func(w *writer) error {
		_, err := w.exec("DELETE FROM sessions WHERE hash = ?", hash[:])
		return err
	}})
}

// EndSessions implements [store.Store].
func (s *Store) EndSessions(ctx context.Context, person string) (ended int, err error) {
	return ended, s.write(ctx, &operation{what: "end the sessions of " + person, do: func(w *writer) error {
		n, err := w.exec("DELETE FROM sessions WHERE person = ?", person)
		ended = int(n)
		return err
	}})
}

// SavePerson implements [store.Store].
func (s *Store) SavePerson(ctx context.Context, p store.Person) error {
	return s.write(ctx, &operation{what: "save the sign-in of " + p.Name, do: func(w *writer) error {
		_, err := w.exec("INSERT OR REPLACE INTO people (name, groups, role, signed_in) VALUES (?,?,?,?)", p.Name, asJSON(p.Groups), p.Role, micros(p.SignedIn))
		return err
	}})
}

const peopleQuery = "SELECT name, groups, role, signed_in FROM people "

func scanPerson(scan func(...any) error) (store.Person, error) {
	var p store.Person
	var groups []byte
	var at int64
	if err := scan(&p.Name, &groups, &p.Role, &at); err != nil {
		return p, err
	}
	p.SignedIn = moment(at)
	return p, decode(groups, &p.Groups, "the groups of %s", p.Name)
}

// Person implements [store.Store].
func (s *Store) Person(ctx context.Context, name string) (store.Person, error) {
	return readOne(ctx, s, name, scanPerson, peopleQuery+"WHERE name = ?", name)
}

// People implements [store.Store].
func (s *Store) People(ctx context.Context) ([]store.Person, error) {
	return readAll(ctx, s, "list people", scanPerson, peopleQuery+"ORDER BY name")
}

// AddAPIToken implements [store.Store].
func (s *Store) AddAPIToken(ctx context.Context, t store.APIToken) error {
	return s.write(ctx, &operation{what: "add token " + t.Name, do: func(w *writer) error {
		n, err := w.exec("INSERT INTO api_tokens (hash, person, name, scopes, created, expires, used) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
			t.Hash[:], t.Person, t.Name, asJSON(t.Scopes), micros(t.Created), micros(t.Expires), micros(t.Used))
		if err == nil && n == 0 {
			return store.ErrTaken
		}
		return err
	}})
}

const apiTokensQuery = "SELECT hash, person, name, scopes, created, expires, used FROM api_tokens "

func scanAPIToken(scan func(...any) error) (store.APIToken, error) {
	var t store.APIToken
	var hash, scopes []byte
	var created, expires, used int64
	if err := scan(&hash, &t.Person, &t.Name, &scopes, &created, &expires, &used); err != nil {
		return t, err
	}
	copy(t.Hash[:], hash)
	t.Created, t.Expires, t.Used = moment(created), moment(expires), moment(used)
	return t, decode(scopes, &t.Scopes, "the scopes of token %s", t.Name)
}

// APIToken implements [store.Store].
func (s *Store) APIToken(ctx context.Context, hash store.Hash) (store.APIToken, error) {
	return readOne(ctx, s, "token", scanAPIToken, apiTokensQuery+"WHERE hash = ?", hash[:])
}

// APITokens implements [store.Store].
func (s *Store) APITokens(ctx context.Context, person string) ([]store.APIToken, error) {
	return readAll(ctx, s, "list tokens", scanAPIToken, apiTokensQuery+"WHERE ?1 IN ('', person) ORDER BY person, name", person)
}

// RevokeAPIToken implements [store.Store].
func (s *Store) RevokeAPIToken(ctx context.Context, person, name string) error {
	return s.change(ctx, "revoke token "+name+" of "+person, "DELETE FROM api_tokens WHERE person = ? AND name = ?", person, name)
}

// SaveAPITokenUse implements [store.Store].
func (s *Store) SaveAPITokenUse(ctx context.Context, used map[store.Hash]time.Time) error {
	return s.saveUse(ctx, "save when tokens were last used", "UPDATE api_tokens SET used = ?1 WHERE hash = ?2 AND used < ?1", used)
}

// Audit implements [store.Store].
func (s *Store) Audit(ctx context.Context, e store.AuditEntry) error {
	return s.write(ctx, &operation{what: "write to the audit log", do: func(w *writer) error {
		_, err := w.exec("INSERT INTO audit (time, who, via, action, subject, outcome, detail) VALUES (?,?,?,?,?,?,?)",
			micros(e.Time), e.Who, e.Via, e.Action, e.Subject, e.Outcome, e.Detail)
		return err
	}})
}

// AuditLog implements [store.Store].
func (s *Store) AuditLog(ctx context.Context, f store.AuditFilter) ([]store.AuditEntry, error) {
	index, where := notIndexed, conditions{}
	if f.Subject != "" {
		index = "INDEXED BY audit_subject"
		where.add("subject = ?", f.Subject)
	}
	if f.Who != "" {
		index = "INDEXED BY audit_who"
		where.add("who = ?", f.Who)
	}
	if f.Before > 0 {
		where.add("id < ?", f.Before)
	}
	query := fmt.Sprintf("SELECT id, time, who, via, action, subject, outcome, detail FROM audit %s WHERE %s ORDER BY id DESC LIMIT ?", index, where)
	return readAll(ctx, s, "read the audit log", func(scan func(...any) error) (store.AuditEntry, error) {
		var e store.AuditEntry
		var at int64
		err := scan(&e.ID, &at, &e.Who, &e.Via, &e.Action, &e.Subject, &e.Outcome, &e.Detail)
		e.Time = moment(at)
		return e, err
	}, query, append(where.args, limitOf(f.Limit))...)
}
