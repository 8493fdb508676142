package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/plugins/webhook"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/connector"
)

// preview is a card as one channel type would get it.
type preview struct {
	// Card counts the cards of what was read, from 1, and Kind is what it was read as.
	Card        int      `json:"card"`
	Kind        string   `json:"kind"`
	Type        string   `json:"type"`
	Payload     string   `json:"payload,omitempty"`
	ContentType string   `json:"content_type"`
	Bytes       int      `json:"bytes"`
	Used        []usage  `json:"used"`
	Omitted     []string `json:"omitted"`
	// Body is JSON as it is sent, or the fields of a form.
	Body any `json:"body"`
}

// usage is how much of a limit of the chat system a payload uses.
type usage struct {
	Unit string `json:"unit"`
	Used int    `json:"used"`
	Most int    `json:"most"`
}

func (a *app) previewCommand() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "preview FILE|-",
		Short: "Show a card as each chat system would get it, with its size and what was left out",
		Long: "Show whatever an incoming webhook takes, a Connector Card, an Adaptive Card, a payload for Slack or any JSON, as each chat system would get it, " +
			"with its size and what was left out. The chat system that it was written for comes first.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.readInput(args[0])
			if err != nil {
				return err
			}
			previews, err := a.readPreviews(cmd.Context(), args[0], b, only)
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON(previews)
			}
			return a.printPreviews(previews)
		},
	}
	cmd.Flags().StringVar(&only, "type", "", "show one channel type only, such as slack")
	completeFlag(cmd, "type", channelTypeNames)
	return cmd
}

// readPreviews reads what an incoming webhook would be posted, as it reads it, and renders
// each of its cards.
func (a *app) readPreviews(ctx context.Context, file string, body []byte, only string) ([]preview, error) {
	hook := &webhook.Webhook{Accept: "any"}
	reply, err := hook.Receive(ctx, &connector.Request{Method: http.MethodPost, Header: make(http.Header), Body: body})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", file, err)
	case reply.Status >= http.StatusBadRequest:
		return nil, fmt.Errorf("%s would be refused: %s", file, reply.Body)
	}
	var all []preview
	for i, e := range reply.Events {
		for _, note := range e.Notes {
			fmt.Fprintln(a.err, "relay:", note)
		}
		previews, err := renderAll(ctx, e.Card, only)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(previews, func(x, y preview) int { return cmp.Compare(rank(e.Kind, x.Type), rank(e.Kind, y.Type)) })
		for j := range previews {
			previews[j].Card, previews[j].Kind = i+1, e.Kind
		}
		all = append(all, previews...)
	}
	return all, nil
}

// rank puts the channel type first that a payload was written for.
func rank(kind, channelType string) int {
	if own := map[string]string{"card": "office365", "adaptive": "teams", "slack": "slack"}; own[kind] == channelType {
		return 0
	}
	return 1
}

// renderAll renders a card for every channel type and payload, or for one type.
func renderAll(ctx context.Context, c card.Card, only string) ([]preview, error) {
	var previews []preview
	example := make(chat.Settings)
	for _, name := range []string{"to", "topic"} {
		example.Set(name, "example")
	}
	for _, s := range systems.All() {
		if only != "" && s.Name != only {
			continue
		}
		for _, f := range s.Forms {
			p, err := f.Render(ctx, c, chat.Options{Settings: example})
			if err != nil {
				return nil, err
			}
			shown, err := newPreview(s.Name, f.Name, p)
			if err != nil {
				return nil, err
			}
			previews = append(previews, shown)
		}
	}
	if len(previews) == 0 {
		return nil, fmt.Errorf("there is no channel type %q that cards are posted to", only)
	}
	return previews, nil
}

func newPreview(typ, payload string, p chat.Payload) (preview, error) {
	shown := preview{Type: typ, Payload: payload, ContentType: p.ContentType, Bytes: len(p.Body), Omitted: p.Omitted, Body: json.RawMessage(p.Body)}
	for _, u := range p.Used {
		shown.Used = append(shown.Used, usage{Unit: string(u.Unit), Used: u.Used, Most: u.Most})
	}
	if p.ContentType != "application/x-www-form-urlencoded" {
		return shown, nil
	}
	values, err := url.ParseQuery(string(p.Body))
	if err != nil {
		return preview{}, fmt.Errorf("show %s: %w", typ, err)
	}
	fields := make(map[string]string, len(values))
	for name := range values {
		fields[name] = values.Get(name)
	}
	shown.Body = fields
	return shown, nil
}

func (a *app) printPreviews(previews []preview) error {
	for i, p := range previews {
		if i == 0 || p.Card != previews[i-1].Card {
			fmt.Fprintf(a.out, "card %d, read as %s\n\n", p.Card, p.Kind)
		}
		name := p.Type
		if p.Payload != "" {
			name += ", payload " + p.Payload
		}
		fmt.Fprintf(a.out, "== %s: %d bytes\n", name, p.Bytes)
		for _, u := range p.Used {
			fmt.Fprintf(a.out, "   %d of %d %s\n", u.Used, u.Most, u.Unit)
		}
		for _, o := range p.Omitted {
			fmt.Fprintln(a.out, "   shortened: "+o)
		}
		if err := a.encoder().Encode(p.Body); err != nil {
			return fmt.Errorf("print %s: %w", name, err)
		}
		fmt.Fprintln(a.out)
	}
	return nil
}
