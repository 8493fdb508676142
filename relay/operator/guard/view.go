package guard

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// view is what one person sees of what there is.
type view struct {
	access.Person
	estate *Estate
}

func (v view) seesChannel(name string) bool { return v.Sees(v.estate.Teams[name]) }

// managesConnector reports whether a connector is hers or her team's.
func (v view) managesConnector(name string) bool {
	c, known := v.estate.Connectors[name]
	return v.Role == access.Ops || known && (v.Manages(c.Team) || c.Owner != "" && access.SameName(c.Owner, v.Name))
}

func (v view) seesConnector(name string) bool {
	return v.SeesAll() || v.managesConnector(name) || slices.ContainsFunc(v.estate.Connectors[name].Channels, v.seesChannel)
}

// within narrows a list of deliveries: to those in the channels that she sees, and to
// those of the connectors that she manages. It is nil when she sees all.
func (v view) within() *store.Within {
	if v.SeesAll() {
		return nil
	}
	return &store.Within{Channels: filterKeys(v.estate.Teams, v.seesChannel), Connectors: filterKeys(v.estate.Connectors, v.managesConnector)}
}

// withinEvents is the same for events: those of the connectors that she sees.
func (v view) withinEvents() *store.Within {
	if v.SeesAll() {
		return nil
	}
	return &store.Within{Connectors: filterKeys(v.estate.Connectors, v.seesConnector)}
}

func filterKeys[V any](m map[string]V, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(name string) bool { return !keep(name) })
}

// seesDelivery says the same of one delivery as within of a list.
func (v view) seesDelivery(channel, connector string) bool {
	return v.seesChannel(channel) || v.managesConnector(connector)
}

// seesProblem reports whether a problem is about something that she sees.
func (v view) seesProblem(p operator.Problem) bool {
	sort, rest, _ := strings.Cut(p.Subject, " ")
	name, _, _ := strings.Cut(rest, " ")
	switch {
	case v.SeesAll():
		return true
	case sort == "channel":
		return v.seesChannel(name)
	case sort == "connector":
		return v.seesConnector(name)
	}
	return false
}

// rule decides whether somebody may do something.
type rule func(view) error

// opsOnly lets ops.
func opsOnly(v view) error {
	if v.Role != access.Ops {
		return fmt.Errorf("%w: only ops may do this", operator.ErrForbidden)
	}
	return nil
}

// ownsConnectors lets those who can have connectors of their own.
func ownsConnectors(v view) error {
	if v.Role != access.Ops && len(v.Teams) == 0 {
		return fmt.Errorf("%w: only ops and members of teams may do this", operator.ErrForbidden)
	}
	return nil
}

// anybody lets everybody.
func anybody(view) error { return nil }

// opsOf lets ops, and tells others of a channel that they see that it is not theirs to change.
func opsOf(channel string) rule {
	return func(v view) error {
		if !v.seesChannel(channel) {
			return missing("channel", channel)
		}
		return opsOnly(v)
	}
}

// postsTo lets ops and the members of a channel's team.
func postsTo(channel string) rule {
	return func(v view) error {
		switch {
		case !v.seesChannel(channel):
			return missing("channel", channel)
		case !v.Manages(v.estate.Teams[channel]):
			return fmt.Errorf("%w: only ops and the members of channel %s's team may do this", operator.ErrForbidden, channel)
		}
		return nil
	}
}

// manages lets ops, a connector's owner, and the members of its team.
func manages(connector string) rule {
	return func(v view) error {
		switch {
		case v.managesConnector(connector):
			return nil
		case !v.seesConnector(connector):
			return missing("connector", connector)
		}
		return fmt.Errorf("%w: only ops, connector %s's owner and the members of its team may do this", operator.ErrForbidden, connector)
	}
}

// missing is the error for what does not exist, or not for whoever asks.
func missing(sort, name string) error {
	return fmt.Errorf("%s %s: %w; `relay %ss` lists them", sort, name, operator.ErrNotFound, sort)
}
