package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/doctor"
	"github.com/connector-relay/relay/relay/operator"
)

// errNothingAccepted ends an examination in which no card was accepted.
var errNothingAccepted = errors.New("no card was accepted")

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor CHANNEL",
		Short: "Post numbered cards to a channel and explain its answers",
		Long: `Post a card to a channel of the configuration, past the store and its lanes, and say
what the answer means. A flow in Teams answers before it posts, and which of three
payloads it wants cannot be told from its URL: such a channel gets one card in each,
with a number, and you look which arrives. No relay needs to run, unless one elsewhere is
asked with --server.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete(a.channelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.examine(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				err = a.showJSON([]operator.Examination{x})
			} else {
				a.printExamination(x)
			}
			if err == nil && !slices.ContainsFunc(x.Trials, func(t operator.CardTrial) bool { return good(t.Verdict) }) {
				err = errNothingAccepted
			}
			return err
		},
	}
}

// examine examines a channel of the configuration, or has a relay elsewhere do it.
func (a *app) examine(ctx context.Context, channel string) (operator.Examination, error) {
	if a.server.url == "" {
		return doctor.Examine(ctx, a.config, channel, version())
	}
	r, err := a.client()
	if err != nil {
		return operator.Examination{}, err
	}
	return r.Doctor(ctx, channel)
}

func good(v delivery.Verdict) bool {
	return v == delivery.VerdictDelivered || v == delivery.VerdictAccepted
}

func (a *app) printExamination(x operator.Examination) {
	for _, t := range x.Trials {
		name := x.Type
		if t.Payload != "" {
			name += ", payload " + t.Payload
		}
		fmt.Fprintf(a.out, "%d  %s: %s", t.Number, name, t.Verdict)
		if said := said(t); said != "" {
			fmt.Fprintf(a.out, " (%s)", said)
		}
		fmt.Fprintln(a.out)
	}
	fmt.Fprintln(a.out)
	taken := slices.DeleteFunc(slices.Clone(x.Trials), func(t operator.CardTrial) bool { return !good(t.Verdict) })
	if len(x.Trials) > 1 && len(taken) > 0 {
		a.printPayloads(x, taken)
		return
	}
	var told []delivery.Verdict
	for _, t := range x.Trials {
		if !slices.Contains(told, t.Verdict) {
			told = append(told, t.Verdict)
			fmt.Fprintln(a.out, advice(t.Verdict))
		}
	}
}

// said returns the endpoint's answer: its words, or its status when it has none.
func said(t operator.CardTrial) string {
	if t.Detail == "" && t.Status != 0 {
		return fmt.Sprintf("%d %s", t.Status, http.StatusText(t.Status))
	}
	return t.Detail
}

// printPayloads says what to do with the payloads that a flow has accepted.
func (a *app) printPayloads(x operator.Examination, taken []operator.CardTrial) {
	fmt.Fprintln(a.out, `The flow took the cards; whether it posted them only the channel shows. Look there for
"Relay doctor", and set the payload by the smallest number that you see:`)
	for _, t := range taken {
		set := ""
		if t.Payload == x.Payload || x.Payload == "" && t.Number == 1 {
			set = "   # as it is now"
		}
		fmt.Fprintf(a.out, "  %d: payload = %q%s\n", t.Number, t.Payload, set)
	}
	fmt.Fprintln(a.out, `If there is none: look at the flow's runs in Power Automate for the error; its trigger
must be open to anyone, its owner a member of the team, and the flow turned on.`)
}

// advice says what to do about a verdict.
func advice(v delivery.Verdict) string {
	switch v {
	case delivery.VerdictDelivered:
		return "The chat system confirms that the card arrived."
	case delivery.VerdictAccepted:
		return "The chat system took the card and posts it later; only the channel shows whether it did."
	case delivery.VerdictThrottled:
		return "Too many cards at once. Nothing is wrong with the channel; try again in a while."
	case delivery.VerdictRejected:
		return "The chat system rejected the card: it may need another channel type or payload."
	case delivery.VerdictRefused:
		return `The address is at fault, or what stands behind it: it may be retired, revoked or
mistyped, turned off, or belong to another type of channel. When the answer does not say
what to do, make a new webhook and use its URL.`
	case delivery.VerdictUnknown:
		return "The card was sent but there was no answer: it may have arrived. Look, or try again."
	case delivery.VerdictHindered:
		return "The channel could not be tried: this machine has no network, name server, file descriptors or memory left. Fix that first."
	case delivery.VerdictInterrupted:
		return "Stopped before the card was sent."
	}
	return "The chat system could not be reached or failed. Check the address, and http (proxy, ca_file)."
}
