// Package access is who uses a relay, and by what right.
//
// Whoever lets somebody in, such as a listener or the operator socket, puts a [Person]
// into the request's context. What she may do is decided in one place, operator.Guard.
package access

import (
	"context"
	"slices"
)

// Role is what somebody is to a relay.
type Role string

const (
	// Ops see and change everything.
	Ops Role = "ops"
	// Member sees and changes what belongs to her teams.
	Member Role = "member"
	// Reader sees everything. She changes only what belongs to her teams, if she is in
	// any.
	Reader Role = "reader"
)

// Scope is a part of what can be done with a relay. An API token has the scopes that its
// creator gave it, and people have all of them.
type Scope string

const (
	// Read is to look.
	Read Scope = "read"
	// Operate is to act on what is configured: send, poll, pause, replay, mute.
	Operate Scope = "operate"
	// Configure is to change what is configured: save connectors, reload, make tokens.
	Configure Scope = "configure"
)

// Everything returns all scopes.
func Everything() []Scope { return []Scope{Read, Operate, Configure} }

// Person is somebody who uses a relay.
type Person struct {
	// Name is a mail address as [CleanName] leaves it, or [LocalName].
	Name  string
	Role  Role
	Teams []string
	// Via is how she came in: "loopback", "socket", "session" or "token NAME".
	Via string
	// Scopes are what may be done this way; without any, nothing.
	Scopes []Scope
}

// May reports whether the way that she came in allows this sort of thing.
func (p Person) May(s Scope) bool { return slices.Contains(p.Scopes, s) }

// SeesAll reports whether she sees what belongs to no team of hers.
func (p Person) SeesAll() bool { return p.Role == Ops || p.Role == Reader }

// Sees reports whether she sees what belongs to a team, or to nobody if that is "".
func (p Person) Sees(team string) bool { return p.SeesAll() || p.in(team) }

// Manages reports whether she may change what belongs to a team, or to nobody if that is "".
func (p Person) Manages(team string) bool { return p.Role == Ops || p.in(team) }

func (p Person) in(team string) bool { return team != "" && slices.Contains(p.Teams, team) }

// LocalName is the name of whoever comes in on this machine. It has a space, so that nobody
// can sign in under it.
const LocalName = "local operator"

// Local is whoever the machine itself vouches for, via "loopback" or "socket".
func Local(via string) Person {
	return Person{Name: LocalName, Role: Ops, Via: via, Scopes: Everything()}
}

type key struct{}

// With returns a context in which somebody asks.
func With(ctx context.Context, p Person) context.Context { return context.WithValue(ctx, key{}, p) }

// From returns who asks. Without anybody, nothing is allowed.
func From(ctx context.Context) (Person, bool) {
	p, ok := ctx.Value(key{}).(Person)
	return p, ok
}
