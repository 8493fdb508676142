package trello

import (
	"context"
	"crypto/sha1" //nolint:gosec // Trello signs with SHA-1
	"encoding/json"
	"net/http"

	"github.com/connector-relay/relay/relay/connector"
)

// register makes sure that Trello has a webhook that leads here, where one is wanted, and
// none for a former address or board. Polls work without it, so among its errors only
// Trello's request limit stops them.
func (t *Trello) register(ctx context.Context, p *connector.Poll, api *client, at *checkpoint) error {
	if t.Secret != "" && p.HookURL == "" {
		p.Note("no webhook is registered, because relay.public_url is not set; events arrive by polls")
	}
	err := t.hook(ctx, p.HookURL, api, at)
	if err == nil {
		return nil
	}
	if connector.KindOf(err) == connector.KindThrottled || ctx.Err() != nil {
		return err
	}
	p.Log.Warn("the webhook is not as it should be", "error", err)
	p.Note("Trello could not register or check the webhook; does relay.public_url lead here? Events arrive by polls")
	return nil
}

func (t *Trello) hook(ctx context.Context, address string, api *client, at *checkpoint) error {
	wanted := t.Secret != "" && address != ""
	if at.Hook != "" {
		if wanted && at.Board == t.Board {
			// Trello switches a webhook off after its calls have failed for a long time.
			kept, there, err := api.webhook(ctx, at.Hook)
			if err != nil || there && kept.Active && kept.CallbackURL == address {
				return err
			}
		}
		if err := api.unsubscribe(ctx, at.Hook); err != nil {
			return err
		}
		at.Hook, at.Board = "", ""
	}
	if !wanted {
		return nil
	}
	made, err := t.subscribed(ctx, api, address)
	if err != nil {
		return err
	}
	at.Hook, at.Board = made.ID, t.Board
	return nil
}

// subscribed returns the webhook that leads here, the existing one or a new one. The
// address belongs to this connector alone, so other webhooks that lead to it are
// leftovers: one for a former board, or one that was switched off, which Trello would not
// duplicate.
func (t *Trello) subscribed(ctx context.Context, api *client, address string) (webhook, error) {
	board, err := api.boardID(ctx, t.Board)
	if err != nil {
		return webhook{}, err
	}
	list, err := api.webhooks(ctx)
	if err != nil {
		return webhook{}, err
	}
	var found webhook
	for _, w := range list {
		switch {
		case w.CallbackURL != address:
		case w.IDModel == board && w.Active:
			found = w
		default:
			if err := api.unsubscribe(ctx, w.ID); err != nil {
				return webhook{}, err
			}
		}
	}
	if found.ID != "" {
		return found, nil
	}
	return api.subscribe(ctx, board, address)
}

// Remove implements [connector.Remover].
func (t *Trello) Remove(ctx context.Context, p *connector.Poll) error {
	at, _ := connector.Recall[checkpoint](p, version)
	if at.Hook == "" {
		return nil
	}
	api, err := t.client(p.HTTP, p.Token)
	if err != nil {
		return err
	}
	return api.unsubscribe(ctx, at.Hook)
}

// Receive implements [connector.Receiver]. It never answers 410, because Trello would
// then remove the webhook.
func (t *Trello) Receive(_ context.Context, r *connector.Request) (connector.Reply, error) {
	switch {
	case r.Method == http.MethodHead || r.Method == http.MethodGet:
		return connector.Say(http.StatusOK, "This is the address of a Trello webhook."), nil // Trello checks the address before it subscribes
	case r.Method != http.MethodPost:
		return connector.Say(http.StatusMethodNotAllowed, "This is the address of a Trello webhook; it takes POST."), nil
	case t.Secret == "":
		return connector.Say(http.StatusForbidden, "The connector has no secret yet, so it cannot tell who sent this. Set its argument secret to the Power-Up's."), nil
	case !signed(t.Secret, r):
		return connector.Say(http.StatusUnauthorized, "The signature (X-Trello-Webhook) is missing or wrong; check that the argument secret is the Power-Up's and that Trello calls the address under relay.public_url."), nil
	}
	var body struct {
		Action json.RawMessage `json:"action"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return connector.Say(http.StatusBadRequest, "The body is not JSON."), nil
	}
	a := parseAction(body.Action)
	if a.ID == "" {
		return connector.Say(http.StatusBadRequest, "The body has no action with an id."), nil
	}
	return connector.Accepted(t.event(a)), nil
}

// signed reports whether a request comes from Trello, which signs the body together with
// the address it calls
// (https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/).
func signed(secret string, r *connector.Request) bool {
	return connector.Signed(sha1.New, secret, r.Header.Values("X-Trello-Webhook"), r.Body, []byte(r.HookURL))
}
