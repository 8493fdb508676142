package guard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/operator"
)

// Send implements [operator.Relay].
func (g *Guard) Send(ctx context.Context, channel string, c card.Card) (operator.Delivery, error) {
	a := act{access.Operate, "send", "channel " + channel, c.Headline(), postsTo(channel)}
	return changing(ctx, g, a, func() (operator.Delivery, error) { return g.relay.Send(ctx, channel, c) })
}

// Pause implements [operator.Relay].
func (g *Guard) Pause(ctx context.Context, channel, reason string) error {
	a := act{access.Operate, "pause", "channel " + channel, reason, opsOf(channel)}
	return doing(ctx, g, a, func() error { return g.relay.Pause(ctx, channel, reason) })
}

// Drain implements [operator.Relay].
func (g *Guard) Drain(ctx context.Context, channel string) error {
	a := act{access.Operate, "drain", "channel " + channel, "", opsOf(channel)}
	return doing(ctx, g, a, func() error { return g.relay.Drain(ctx, channel) })
}

// Resume implements [operator.Relay].
func (g *Guard) Resume(ctx context.Context, channel string) error {
	a := act{access.Operate, "resume", "channel " + channel, "", opsOf(channel)}
	return doing(ctx, g, a, func() error { return g.relay.Resume(ctx, channel) })
}

// ForgetChannel implements [operator.Relay].
func (g *Guard) ForgetChannel(ctx context.Context, channel string) (int, error) {
	a := act{access.Operate, "forget", "channel " + channel, "", opsOf(channel)}
	return changing(ctx, g, a, func() (int, error) { return g.relay.ForgetChannel(ctx, channel) })
}

// Poll implements [operator.Relay].
func (g *Guard) Poll(ctx context.Context, connector string) (operator.PollReport, error) {
	a := act{access.Operate, "poll", "connector " + connector, "", manages(connector)}
	return changing(ctx, g, a, func() (operator.PollReport, error) { return g.relay.Poll(ctx, connector) })
}

// DryRun implements [operator.Relay].
func (g *Guard) DryRun(ctx context.Context, connector string) ([]operator.Event, error) {
	a := act{access.Operate, "try", "connector " + connector, "", manages(connector)}
	return changing(ctx, g, a, func() ([]operator.Event, error) { return g.relay.DryRun(ctx, connector) })
}

// SignIn implements [operator.Relay].
func (g *Guard) SignIn(ctx context.Context, connector string) (operator.SignIn, error) {
	a := act{access.Configure, "begin a sign-in", "connector " + connector, "", manages(connector)}
	return changing(ctx, g, a, func() (operator.SignIn, error) { return g.relay.SignIn(ctx, connector) })
}

// AwaitSignIn implements [operator.Relay]. Only who has begun a sign-in knows its ID.
func (g *Guard) AwaitSignIn(ctx context.Context, id string) error {
	if _, err := g.enter(ctx, access.Configure); err != nil {
		return err
	}
	return g.relay.AwaitSignIn(ctx, id)
}

// PasteToken implements [operator.Relay]. Only who has begun a sign-in knows its ID.
func (g *Guard) PasteToken(ctx context.Context, id, token string) error {
	a := act{access.Configure, "end a sign-in", "", "", anybody}
	return doing(ctx, g, a, func() error { return g.relay.PasteToken(ctx, id, token) })
}

// PostCard implements [operator.Relay].
func (g *Guard) PostCard(ctx context.Context, connector string, c card.Card) (operator.HookAnswer, error) {
	a := act{access.Operate, "post a card", "connector " + connector, c.Headline(), manages(connector)}
	return changing(ctx, g, a, func() (operator.HookAnswer, error) { return g.relay.PostCard(ctx, connector, c) })
}

// AddPicture implements [operator.Relay].
func (g *Guard) AddPicture(ctx context.Context, u operator.Upload) (operator.Picture, error) {
	a := act{access.Configure, "upload a picture", "", fmt.Sprint(len(u.Content), " bytes"), ownsConnectors}
	return changing(ctx, g, a, func() (operator.Picture, error) { return g.relay.AddPicture(ctx, u) })
}

// RotateHook implements [operator.Relay].
func (g *Guard) RotateHook(ctx context.Context, connector string, grace time.Duration) (operator.Connector, error) {
	a := act{access.Configure, "rotate", "connector " + connector, fmt.Sprintf("the old hook URL works for %s", grace), manages(connector)}
	return changing(ctx, g, a, func() (operator.Connector, error) { return g.relay.RotateHook(ctx, connector, grace) })
}

// ForgetConnector implements [operator.Relay].
func (g *Guard) ForgetConnector(ctx context.Context, connector string) error {
	a := act{access.Operate, "forget", "connector " + connector, "", func(v view) error {
		if !v.seesConnector(connector) {
			return missing("connector", connector)
		}
		return opsOnly(v)
	}}
	return doing(ctx, g, a, func() error { return g.relay.ForgetConnector(ctx, connector) })
}

// Replay implements [operator.Relay].
func (g *Guard) Replay(ctx context.Context, s operator.Selection) ([]int64, error) {
	a := act{access.Operate, "replay", subject(s), "", opsOnly}
	return changing(ctx, g, a, func() ([]int64, error) { return g.relay.Replay(ctx, s) })
}

// Dismiss implements [operator.Relay].
func (g *Guard) Dismiss(ctx context.Context, s operator.Selection) ([]int64, error) {
	a := act{access.Operate, "dismiss", subject(s), "", opsOnly}
	return changing(ctx, g, a, func() ([]int64, error) { return g.relay.Dismiss(ctx, s) })
}

// subject names what a selection chooses.
func subject(s operator.Selection) string {
	switch {
	case len(s.Deliveries) == 1:
		return fmt.Sprint("delivery ", s.Deliveries[0])
	case len(s.Deliveries) > 1:
		return fmt.Sprintf("%d deliveries: %v", len(s.Deliveries), s.Deliveries)
	}
	parts := []string{"dead letters"}
	if s.Dismissed {
		parts[0] = "dismissed deliveries"
	}
	add := func(what, value string) {
		if value != "" {
			parts = append(parts, what+" "+value)
		}
	}
	add("of channel", s.Channel)
	add("of connector", s.Connector)
	add("of kind", s.Kind)
	add("last", string(s.Verdict))
	add("with", s.Text)
	if !s.Since.IsZero() {
		add("since", s.Since.Format(time.RFC3339))
	}
	if !s.Until.IsZero() {
		add("until", s.Until.Format(time.RFC3339))
	}
	if len(parts) == 1 {
		return "all " + parts[0]
	}
	return strings.Join(parts, " ")
}

// Preview implements [operator.Relay]. It looks at nothing but what somebody brings along.
func (g *Guard) Preview(ctx context.Context, p operator.Paste) (operator.Pasted, error) {
	if _, err := g.enter(ctx, access.Operate); err != nil {
		return operator.Pasted{}, err
	}
	return g.relay.Preview(ctx, p)
}

// TryRoute implements [operator.Relay]. It shows a connector's events to who manages it.
func (g *Guard) TryRoute(ctx context.Context, d operator.RouteDraft) (operator.RouteTrial, error) {
	v, err := g.enter(ctx, access.Operate)
	if err == nil && d.Connector != "" {
		err = manages(d.Connector)(v)
	}
	if err != nil {
		return operator.RouteTrial{}, err
	}
	d.Channels = filterKeys(v.estate.Teams, v.seesChannel)
	return g.relay.TryRoute(ctx, d)
}

// Doctor implements [operator.Relay].
func (g *Guard) Doctor(ctx context.Context, channel string) (operator.Examination, error) {
	a := act{access.Operate, "examine", "channel " + channel, "", postsTo(channel)}
	return changing(ctx, g, a, func() (operator.Examination, error) { return g.relay.Doctor(ctx, channel) })
}

// Plan implements [operator.Relay]. It starts the plugins of a new configuration, so it is
// not for who only looks.
func (g *Guard) Plan(ctx context.Context) ([]operator.Change, error) {
	v, err := g.enter(ctx, access.Configure)
	if err == nil {
		err = opsOnly(v)
	}
	if err != nil {
		return nil, err
	}
	return g.relay.Plan(ctx)
}

// Reload implements [operator.Relay].
func (g *Guard) Reload(ctx context.Context) ([]operator.Change, error) {
	a := act{access.Configure, "reload", "configuration", "", opsOnly}
	return changing(ctx, g, a, func() ([]operator.Change, error) { return g.relay.Reload(ctx) })
}
