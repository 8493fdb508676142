// Package doctor tries out what a configuration names, and says what it found in words
// that tell a person what to do. No relay needs to run; one that runs answers with it, too.
// Today it examines channels; an examination of something else is a file beside this one.
package doctor

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/channel"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
)

// patience is the longest time that an examination waits when it is told to come back later.
const patience = 15 * time.Second

// Examine posts a card to a channel of a configuration in every payload that the
// channel's type has, past the store and its lanes, and says how each was answered. When
// an answer asks it to wait a little, it tries once more. No relay needs to run, and the
// rest of the file need not be valid.
func Examine(ctx context.Context, path, name, version string) (operator.Examination, error) {
	file, diags := config.Parse(config.Options{Path: path, Systems: systems.All()})
	c, ok := file.Channel(name)
	if !ok || c.System.Name == "" {
		if err := file.Error(diags); err != nil {
			return operator.Examination{}, err
		}
		return operator.Examination{}, fmt.Errorf("%s has no channel %q", path, name)
	}
	if _, err := channel.New(plan.ChannelSpec(c, nil, nil, plan.Options{Version: version})); err != nil && diags.HasErrors() {
		return operator.Examination{}, file.Error(diags) // the file says why, such as that a variable is not set
	}
	return Channel(ctx, c, version)
}

// Channel examines one channel, as Examine does.
func Channel(ctx context.Context, c config.Channel, version string) (operator.Examination, error) {
	spec := plan.ChannelSpec(c, nil, nil, plan.Options{Version: version})
	if _, err := channel.New(spec); err != nil {
		return operator.Examination{}, fmt.Errorf("channel %s: %w", c.Name, err)
	}
	if !c.System.Posts() {
		return operator.Examination{}, fmt.Errorf("channel %s: a channel of type %s posts nowhere; its cards are read on the dashboard", c.Name, c.System.Name)
	}
	payloads := []string{c.Settings.Payload()}
	if c.System.Interchangeable {
		payloads = c.System.Payloads()
	}
	trials, err := tryAll(ctx, spec, payloads)
	return operator.Examination{Channel: c.Name, Type: c.System.Name, Payload: c.Settings.Payload(), Trials: trials}, err
}

// tryAll posts a card in each payload.
func tryAll(ctx context.Context, spec channel.Spec, payloads []string) ([]operator.CardTrial, error) {
	var trials []operator.CardTrial
	for i, payload := range payloads {
		spec.Settings = spec.Settings.With(payload)
		ch, err := channel.New(spec)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", spec.Name, err)
		}
		trial := operator.CardTrial{Number: i + 1, Payload: payload}
		o, err := try(ctx, ch, spec.Name, trial, len(payloads))
		if err != nil {
			return nil, err
		}
		trial.Verdict, trial.Status, trial.Detail = o.Verdict, o.Status, o.Detail
		trials = append(trials, trial)
	}
	return trials, nil
}

// try posts one card, and once more when an answer asks it to wait a little.
func try(ctx context.Context, ch *channel.Channel, name string, trial operator.CardTrial, of int) (delivery.Outcome, error) {
	c := card.Card{Title: "A card of the relay's doctor", Text: "If you can read this, cards arrive in this channel."}
	if of > 1 {
		c.Title = fmt.Sprintf("Relay doctor: %d of %d", trial.Number, of)
		c.Text = fmt.Sprintf("If this is the smallest number that you see, the channel needs `payload = %s`.", card.Escape(strconv.Quote(trial.Payload)))
	}
	b, err := c.MarshalJSON()
	if err != nil {
		return delivery.Outcome{}, fmt.Errorf("write the doctor's card: %w", err)
	}
	now := time.Now()
	d := delivery.Delivery{
		Channel: name, Connector: "relay.doctor", Key: fmt.Sprintf("%d/%d", now.UnixNano(), trial.Number), AcceptedAt: now, Card: b,
	}
	o := ch.Send(ctx, d)
	if o.Verdict != delivery.VerdictThrottled || o.RetryAfter > patience {
		return o, nil
	}
	// A card that was never looked at would say nothing about its payload.
	select {
	case <-ctx.Done():
		return o, nil
	case <-time.After(max(o.RetryAfter, time.Second)):
		return ch.Send(ctx, d), nil
	}
}
