package guard

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/mute"
	"github.com/connector-relay/relay/relay/operator"
)

// Mutes implements [operator.Relay].
func (g *Guard) Mutes(ctx context.Context) ([]operator.Mute, error) {
	return seen(ctx, g, operator.Relay.Mutes, view.seesMute)
}

// seesMute reports whether a mute is about something that she sees. A condition over all
// connectors is about her events, too.
func (v view) seesMute(m operator.Mute) bool {
	if m.Sort == mute.Channel {
		return v.seesChannel(m.Name)
	}
	return m.Name == "" || v.seesConnector(m.Name)
}

// Mute implements [operator.Relay].
func (g *Guard) Mute(ctx context.Context, m operator.Mute) (operator.Mute, error) {
	detail := "until " + m.Until.UTC().Format("2006-01-02 15:04 MST")
	if m.Reason != "" {
		detail += ": " + m.Reason
	}
	a := act{access.Operate, "mute", muteSubject(m), detail, mutes(m)}
	return changing(ctx, g, a, func() (operator.Mute, error) { return g.relay.Mute(ctx, m) })
}

// muteSubject names what a mute is about, for the audit log.
func muteSubject(m operator.Mute) string {
	subject := m.Sort
	if m.Name != "" {
		subject += " " + m.Name
	}
	if m.Condition != "" {
		subject += " where " + m.Condition
	}
	return subject
}

// mutes lets ops, whoever manages a connector, and the members of a channel's team.
func mutes(m operator.Mute) rule {
	switch {
	case m.Sort == mute.Channel:
		return postsTo(m.Name)
	case m.Name != "":
		return manages(m.Name)
	}
	return opsOnly
}

// Unmute implements [operator.Relay]. Who may mute something may end any mute of it.
func (g *Guard) Unmute(ctx context.Context, id int64) error {
	a := act{access.Operate, "unmute", fmt.Sprint("mute ", id), "", anybody}
	a.may = func(v view) error {
		list, err := g.relay.Mutes(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list, func(m operator.Mute) bool { return m.ID == id })
		if at < 0 || !v.seesMute(list[at]) {
			return missing("mute", strconv.FormatInt(id, 10))
		}
		return mutes(list[at])(v)
	}
	return doing(ctx, g, a, func() error { return g.relay.Unmute(ctx, id) })
}
