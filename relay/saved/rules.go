package saved

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/schedule"
	"github.com/connector-relay/relay/relay/store"
)

const (
	// mostOfOne is how many connectors one member may have.
	mostOfOne = 50
	// leastInterval is how often a member's connector may poll at most.
	leastInterval = time.Minute
)

func isOps(p access.Person) bool { return p.Role == access.Ops }

func owns(p access.Person, b store.Block) bool { return access.SameName(p.Name, b.Owner) }

// sees reports whether a block exists for somebody.
func sees(p access.Person, b store.Block) bool { return owns(p, b) || p.Sees(b.Team) }

// mayChange says whether somebody may change a block that she sees. A connector is its
// owner's: others of the team take it over once she has left.
func mayChange(p access.Person, b store.Block) error {
	if isOps(p) || owns(p, b) && p.Manages(b.Team) {
		return nil
	}
	if owns(p, b) {
		return fmt.Errorf("%w: you are no member of team %s", operator.ErrForbidden, b.Team)
	}
	return fmt.Errorf("%w: connector %s is %s's; a member of team %s can take it over once its owner has left", operator.ErrForbidden, b.Name, b.Owner, b.Team)
}

// onlyForm is the answer to a member's HCL that a form cannot say. It may name what only
// ops may decide, such as private networks that the connector reaches.
func onlyForm(reason error) error {
	return fmt.Errorf("%w: only ops may save HCL that the form cannot say: %w", operator.ErrForbidden, reason)
}

// asMember fills in what a member does not choose.
func asMember(p access.Person, f *form.Filled) error {
	f.Owner = p.Name
	if f.Team == "" && len(p.Teams) == 1 {
		f.Team = p.Teams[0]
	}
	if len(p.Teams) == 0 {
		return fmt.Errorf("%w: you are in no team", operator.ErrForbidden)
	}
	return nil
}

// What a member reads about a team or a channel that is not hers, whether or not there is
// one: neither which there are, nor their names, are hers to know.
const (
	notHerTeam    = "Choose one of your teams."
	notHerChannel = "Choose channels of your teams; one of these is not, or is not there."
)

// discreet leaves out of a configuration's words what is not a member's to know.
func discreet(p access.Person, mistakes []form.Mistake) []form.Mistake {
	for i, m := range mistakes {
		switch {
		case isOps(p):
		case m.Field == form.FieldTeam:
			mistakes[i].Message = notHerTeam
		case m.Field == form.FieldChannels:
			mistakes[i].Message = notHerChannel
		}
	}
	return mistakes
}

// limits returns what in a block goes beyond what a member may do.
func limits(p access.Person, c *plan.Checked) (list []form.Mistake) {
	if isOps(p) {
		return nil
	}
	if !p.Manages(c.Team) {
		list = append(list, form.Mistake{Field: form.FieldTeam, Message: notHerTeam})
	}
	for _, team := range c.Teams {
		if !p.Manages(team) {
			list = append(list, form.Mistake{Field: form.FieldChannels, Message: notHerChannel})
			break
		}
	}
	if tooOften(c.Schedule, time.Now()) {
		list = append(list, form.Mistake{Field: form.FieldSchedule, Message: fmt.Sprintf("A connector polls at most once in %s.", leastInterval)})
	}
	return list
}

// tooOften reports whether a schedule has two times that are closer than leastInterval.
func tooOften(text string, now time.Time) bool {
	if text == "" {
		return false
	}
	s, err := schedule.Parse(text)
	if err != nil {
		return false // which is a mistake of its own
	}
	at := s.Next(now)
	for range 100 {
		next := s.Next(at)
		if at.IsZero() || next.IsZero() {
			return false
		}
		if next.Sub(at) < leastInterval {
			return true
		}
		at = next
	}
	return false
}

// nameTaken says why a new connector cannot have a name; it is empty when it can.
func (k *Keeper) nameTaken(ctx context.Context, p access.Person, name string) (string, error) {
	if k.options.Daemon.Declared(name) {
		return "There is a connector of this name. Choose another.", nil
	}
	if isOps(p) {
		return "", nil
	}
	left, err := k.left(ctx, name)
	if err != nil || !left {
		return "", err
	}
	switch was, err := k.open(ctx, ownership(name)); {
	case err == nil && access.SameName(was.By, p.Name):
		return "", nil
	case err == nil || errors.Is(err, errNotStored):
		return "A connector of this name was removed, and its hook URL or history is still there. Choose another name.", nil
	default:
		return "", err
	}
}

// left reports whether something is left of a connector that has been removed. Of one that
// ops have made the relay forget, its events are, until their retention is over.
func (k *Keeper) left(ctx context.Context, name string) (bool, error) {
	secrets, err := k.own(ctx, name)
	if err != nil || len(secrets) > 0 {
		return len(secrets) > 0, err
	}
	kept, err := k.options.Store.Connectors(ctx)
	if err != nil || slices.ContainsFunc(kept, func(c store.Kept) bool { return c.Name == name }) {
		return err == nil, err
	}
	events, err := k.options.Store.Events(ctx, store.EventFilter{Connector: name, Limit: 1})
	return len(events) > 0, err
}

// tooMany says why somebody can have no more connectors; it is empty when she can.
func (k *Keeper) tooMany(ctx context.Context, p access.Person) (string, error) {
	blocks, err := k.options.Store.Blocks(ctx)
	if err != nil {
		return "", err
	}
	hers := 0
	for _, b := range blocks {
		if owns(p, b) {
			hers++
		}
	}
	switch {
	case len(blocks) >= store.MaxBlocks:
		return fmt.Sprintf("There are %d saved connectors, as many as there can be. Remove one that nobody needs, or have ops move some to a file.", len(blocks)), nil
	case hers >= mostOfOne && !isOps(p):
		return fmt.Sprintf("You have %d connectors, as many as one person may. Remove one that nobody needs.", hers), nil
	}
	return "", nil
}

// sameUse reports whether two forms use their secrets for the same.
func sameUse(a, b form.Filled) bool { return a.Type == b.Type && maps.Equal(a.Arguments, b.Arguments) }

// borrowed returns the secrets of somebody else among those that a draft keeps, and her
// sign-in: they stay with the arguments for which they were given, and are not sent
// elsewhere.
func (k *Keeper) borrowed(ctx context.Context, p access.Person, connector string, kept []string) (list []form.Mistake, err error) {
	if isOps(p) {
		return nil, nil
	}
	for _, argument := range kept {
		s, err := k.open(ctx, form.SecretName(connector, argument))
		switch {
		case argument == form.FieldPath || errors.Is(err, errNotStored):
		case err != nil:
			return nil, err
		case !access.SameName(s.By, p.Name):
			list = append(list, form.Mistake{Field: form.ArgumentField(argument), Message: "Somebody else gave this secret. Give your own, because you change what it is used for."})
		}
	}
	switch by, err := k.options.SignIns.By(ctx, connector); {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return nil, err
	case !access.SameName(by, p.Name):
		list = append(list, form.Mistake{Message: "Somebody else signed this connector in. Sign in yourself before you change what that is used for."})
	}
	return list, nil
}
