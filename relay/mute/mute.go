// Package mute keeps cards back for a while: those of a connector, those for a channel,
// or those of the events that meet a condition. A muted event is stored with its fate,
// and is not delivered later.
//
// A [Board] holds the mutes in force. Package intake asks it about every event, package
// notice about the relay's own cards, and the operators' desk changes it.
package mute

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/store"
)

// Mute is one mute in force. A nil Mute mutes nothing.
type Mute struct {
	store.Mute
	// Problem says why the condition cannot be evaluated at all, so that it mutes nothing.
	Problem string

	// condition is the number of the condition among the board's.
	condition int
}

// The sorts of mutes.
const (
	Connector = "connector"
	Channel   = "channel"
	Condition = "condition"
)

// Sorts lists them.
func Sorts() []string { return []string{Connector, Channel, Condition} }

// What names what is muted.
func (m Mute) What() string {
	if m.Sort != Condition {
		return m.Sort + " " + m.Name
	}
	where := card.Cut(strings.Join(strings.Fields(m.Condition), " "), 120)
	if m.Name != "" {
		return "connector " + m.Name + " where " + where
	}
	return "every event where " + where
}

// Note adds a channel to the notes on what the mute kept back.
func (m *Mute) Note(notes []event.MutedBy, channel string) []event.MutedBy {
	at := slices.IndexFunc(notes, func(n event.MutedBy) bool { return n.ID == m.ID })
	if at < 0 {
		at = len(notes)
		notes = append(notes, event.MutedBy{ID: m.ID, What: m.What(), By: m.By, Reason: m.Reason, Until: m.Until})
	}
	notes[at].Channels = append(notes[at].Channels, channel)
	return notes
}

// set is all mutes at one moment. It does not change.
type set struct {
	list       []*Mute
	connectors map[string][]*Mute
	channels   map[string][]*Mute
	// conditional are the mutes with a condition that can be evaluated.
	conditional []*Mute
	conditions  *route.Conditions
}

// newSet compiles mutes.
func newSet(stored []store.Mute) *set {
	s := &set{connectors: map[string][]*Mute{}, channels: map[string][]*Mute{}, conditions: route.NewConditions()}
	for _, one := range stored {
		m := &Mute{Mute: one}
		s.list = append(s.list, m)
		switch m.Sort {
		case Channel:
			s.channels[m.Name] = append(s.channels[m.Name], m)
		case Connector:
			s.connectors[m.Name] = append(s.connectors[m.Name], m)
		case Condition:
			var err error
			if m.condition, err = s.conditions.Add(m.Condition); err != nil {
				m.Problem = fmt.Sprintf("the condition mutes nothing: %v", err)
				continue
			}
			s.conditional = append(s.conditional, m)
		}
	}
	return s
}

// Ruling says to which channels an event does not go. The zero Ruling mutes nothing.
type Ruling struct {
	whole    *Mute
	channels map[string][]*Mute
	now      time.Time
}

// For returns what mutes a channel's card; nil when nothing does.
func (r Ruling) For(channel string) *Mute {
	if r.whole != nil {
		return r.whole
	}
	return inForce(r.channels[channel], r.now)
}

// over decides about one event.
func (s *set) over(connector string, e event.Event, now time.Time) Ruling {
	r := Ruling{whole: inForce(s.connectors[connector], now), channels: s.channels, now: now}
	var holds func(int) (bool, error)
	for _, m := range s.conditional {
		if r.whole != nil {
			break
		}
		if m.Name != "" && m.Name != connector || !now.Before(m.Until) {
			continue
		}
		if holds == nil {
			holds = s.conditions.Over(connector, e)
		}
		// A condition that fails mutes nothing: a card too many is the smaller harm.
		if held, err := holds(m.condition); held && err == nil {
			r.whole = m
		}
	}
	return r
}

// inForce returns the one of the mutes that ends last, if it has not ended.
func inForce(list []*Mute, now time.Time) *Mute {
	if len(list) == 0 {
		return nil
	}
	last := slices.MaxFunc(list, func(a, b *Mute) int { return a.Until.Compare(b.Until) })
	if !now.Before(last.Until) {
		return nil
	}
	return last
}
