package storetest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/store"
)

func hash(secret string) store.Hash { return sha256.Sum256([]byte(secret)) }

func (s *suite) sessions() {
	at := now()
	open := func(secret, person string, expires time.Time) store.Session {
		s.Helper()
		n := store.Session{Hash: hash(secret), Person: person, Created: at, Expires: expires, Proof: "proof of " + secret}
		s.ok(s.store.SaveSession(s.ctx(), n), "save session")
		return n
	}
	a, b, c := open("a", "ada", at.Add(time.Hour)), open("b", "ada", at.Add(time.Hour)), open("c", "bob", at.Add(-time.Second))
	got, err := s.store.Session(s.ctx(), a.Hash)
	s.ok(err, "session")
	equal(s, got, a, "a session")
	used := at.Add(time.Minute)
	s.ok(s.store.SaveSessionUse(s.ctx(), map[store.Hash]time.Time{a.Hash: used, hash("nobody"): used}), "save use")
	s.ok(s.store.SaveSessionUse(s.ctx(), map[store.Hash]time.Time{a.Hash: at}), "save an earlier use")
	a.Used = used
	got, err = s.store.Session(s.ctx(), a.Hash)
	s.ok(err, "session")
	equal(s, got, a, "a session that was used")
	a.Expires = at.Add(2 * time.Hour)
	s.ok(s.store.SaveSession(s.ctx(), a), "save it again")
	got, err = s.store.Session(s.ctx(), a.Hash)
	s.ok(err, "session")
	equal(s, got, a, "a session that was saved again")

	_, err = s.store.Sweep(s.ctx(), at.Add(-time.Hour))
	s.ok(err, "sweep")
	_, err = s.store.Session(s.ctx(), c.Hash)
	s.is(err, store.ErrNotFound, "a session that has expired")
	s.ok(s.store.EndSession(s.ctx(), b.Hash), "end session")
	s.ok(s.store.EndSession(s.ctx(), b.Hash), "end it again")
	_, err = s.store.Session(s.ctx(), b.Hash)
	s.is(err, store.ErrNotFound, "a session that has ended")
	d, e := open("d", "ada", at.Add(time.Hour)), open("e", "bob", at.Add(time.Hour))
	n, err := s.store.EndSessions(s.ctx(), "ada")
	s.ok(err, "end sessions")
	equal(s, n, 2, "how many ended")
	_, err = s.store.Session(s.ctx(), d.Hash)
	s.is(err, store.ErrNotFound, "a session of a person whose sessions have ended")
	_, err = s.store.Session(s.ctx(), e.Hash)
	s.ok(err, "another's session")

	for i := range store.MaxSessions {
		at = at.Add(time.Second)
		open(fmt.Sprint("new ", i), "bob", at.Add(time.Hour))
	}
	_, err = s.store.Session(s.ctx(), e.Hash)
	s.is(err, store.ErrNotFound, "the oldest of too many sessions")
	_, err = s.store.Session(s.ctx(), hash("new 0"))
	s.ok(err, "the oldest of as many as there may be")
}

func (s *suite) people() {
	_, err := s.store.Person(s.ctx(), "ada")
	s.is(err, store.ErrNotFound, "somebody who has never signed in")
	ada := store.Person{Name: "ada", Groups: []string{"b", "a"}, Role: "member", SignedIn: now()}
	s.ok(s.store.SavePerson(s.ctx(), store.Person{Name: "ada", Groups: []string{"old"}, Role: "ops"}), "save person")
	s.ok(s.store.SavePerson(s.ctx(), store.Person{Name: "bob"}), "save person")
	s.ok(s.store.SavePerson(s.ctx(), ada), "save person again")
	got, err := s.store.Person(s.ctx(), "ada")
	s.ok(err, "person")
	equal(s, got, ada, "what the last sign-in said")
	list, err := s.store.People(s.ctx())
	s.ok(err, "people")
	equal(s, list, []store.Person{ada, {Name: "bob"}}, "people")
}

func (s *suite) apiTokens() {
	at := now()
	ci := store.APIToken{Hash: hash("1"), Person: "ada", Name: "ci", Scopes: []string{"read", "operate"}, Created: at}
	old := store.APIToken{Hash: hash("2"), Person: "ada", Name: "old", Created: at, Expires: at.Add(-store.KeepExpired + time.Hour)}
	gone := store.APIToken{Hash: hash("3"), Person: "ada", Name: "gone", Created: at, Expires: at.Add(-store.KeepExpired - time.Hour)}
	bobs := store.APIToken{Hash: hash("4"), Person: "bob", Name: "ci", Created: at}
	for _, t := range []store.APIToken{old, ci, gone, bobs} {
		s.ok(s.store.AddAPIToken(s.ctx(), t), "add token")
	}
	s.is(s.store.AddAPIToken(s.ctx(), store.APIToken{Hash: hash("5"), Person: "ada", Name: "ci"}), store.ErrTaken, "add another of the same name")
	s.is(s.store.AddAPIToken(s.ctx(), store.APIToken{Hash: hash("4"), Person: "eve", Name: "x"}), store.ErrTaken, "add another of the same hash")
	used := at.Add(time.Minute)
	s.ok(s.store.SaveAPITokenUse(s.ctx(), map[store.Hash]time.Time{ci.Hash: used, hash("nobody"): used}), "save use")
	s.ok(s.store.SaveAPITokenUse(s.ctx(), map[store.Hash]time.Time{ci.Hash: at}), "save an earlier use")
	ci.Used = used
	got, err := s.store.APIToken(s.ctx(), ci.Hash)
	s.ok(err, "token")
	equal(s, got, ci, "a token")
	_, err = s.store.Sweep(s.ctx(), at.Add(-time.Hour))
	s.ok(err, "sweep")
	for person, want := range map[string][]store.APIToken{"": {ci, old, bobs}, "ada": {ci, old}, "eve": nil} {
		list, err := s.store.APITokens(s.ctx(), person)
		s.ok(err, "tokens")
		equal(s, list, want, "tokens of "+person, cmpopts.EquateEmpty())
	}
	s.ok(s.store.RevokeAPIToken(s.ctx(), "ada", "ci"), "revoke")
	s.is(s.store.RevokeAPIToken(s.ctx(), "ada", "ci"), store.ErrNotFound, "revoke it again")
	_, err = s.store.APIToken(s.ctx(), ci.Hash)
	s.is(err, store.ErrNotFound, "a token that was revoked")
	_, err = s.store.APIToken(s.ctx(), bobs.Hash)
	s.ok(err, "another's token of the same name")
}

func (s *suite) auditLog() {
	at := now()
	var all []store.AuditEntry
	for i := range 130 {
		e := store.AuditEntry{
			Time: at.Add(time.Duration(i)), Who: []string{"ada", "bob"}[i%2], Via: "session", Action: "replay",
			Subject: []string{"channel a", "channel b", "channel c"}[i%3], Outcome: []string{"done", "refused"}[i%2], Detail: fmt.Sprint("number ", i),
		}
		e.Time = e.Time.Truncate(time.Microsecond)
		if i < 2 {
			e.Time = at.Add(-store.KeepAudit - time.Hour)
		}
		s.ok(s.store.Audit(s.ctx(), e), "audit")
		all = append([]store.AuditEntry{e}, all...)
	}
	read := func(f store.AuditFilter) []store.AuditEntry {
		s.Helper()
		list, err := s.store.AuditLog(s.ctx(), f)
		s.ok(err, "audit log")
		return list
	}
	list := read(store.AuditFilter{})
	equal(s, list, all[:store.DefaultLimit], "the audit log", cmpopts.IgnoreFields(store.AuditEntry{}, "ID"))
	equal(s, read(store.AuditFilter{Before: list[0].ID, Limit: 2}), list[1:3], "the page after the first entry")
	equal(s, read(store.AuditFilter{Who: "bob", Limit: 1}), list[:1], "what bob did last")
	equal(s, read(store.AuditFilter{Subject: "channel a", Limit: 2}), []store.AuditEntry{list[0], list[3]}, "what was done to a channel")
	equal(s, read(store.AuditFilter{Who: "ada", Subject: "channel a", Before: list[4].ID, Limit: 1}), []store.AuditEntry{list[9]}, "what ada did to a channel before")
	equal(s, len(read(store.AuditFilter{Who: "eve"})), 0, "what eve did")
	_, err := s.store.Sweep(s.ctx(), at.Add(time.Hour))
	s.ok(err, "sweep")
	equal(s, len(read(store.AuditFilter{Limit: 1000})), 128, "entries after a sweep of all that had ended")
	_, err = s.store.Sweep(s.ctx(), at.Add(-2*store.KeepAudit))
	s.ok(err, "sweep")
	equal(s, len(read(store.AuditFilter{Limit: 1000})), 128, "entries where the retention is longer")
}
