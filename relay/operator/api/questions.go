package api

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Status implements [operator.Relay].
func (c *Client) Status(ctx context.Context) (operator.Status, error) {
	return ask[operator.Status](ctx, c, "Status", question{})
}

// Problems implements [operator.Relay].
func (c *Client) Problems(ctx context.Context) ([]operator.Problem, error) {
	return ask[[]operator.Problem](ctx, c, "Problems", question{})
}

// Connectors implements [operator.Relay].
func (c *Client) Connectors(ctx context.Context) ([]operator.Connector, error) {
	return ask[[]operator.Connector](ctx, c, "Connectors", question{})
}

// Channels implements [operator.Relay].
func (c *Client) Channels(ctx context.Context) ([]operator.Channel, error) {
	return ask[[]operator.Channel](ctx, c, "Channels", question{})
}

// Plugins implements [operator.Relay].
func (c *Client) Plugins(ctx context.Context) ([]operator.Plugin, error) {
	return ask[[]operator.Plugin](ctx, c, "Plugins", question{})
}

// PluginLog implements [operator.Relay].
func (c *Client) PluginLog(ctx context.Context, plugin string) ([]operator.LogLine, error) {
	return ask[[]operator.LogLine](ctx, c, "PluginLog", question{name: plugin})
}

// Deliveries implements [operator.Relay]. It asks for one page after the other.
func (c *Client) Deliveries(ctx context.Context, f store.Filter) ([]operator.Delivery, error) {
	return pages(f.Limit, func(last *operator.Delivery, limit int) ([]operator.Delivery, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]operator.Delivery](ctx, c, "Deliveries", question{query: query(deliveryFields(&f))})
	})
}

// Count implements [operator.Relay].
func (c *Client) Count(ctx context.Context, f store.Filter) (operator.Count, error) {
	return ask[operator.Count](ctx, c, "Count", question{query: query(deliveryConditions(&f))})
}

// Rates implements [operator.Relay].
func (c *Client) Rates(ctx context.Context) (operator.Rates, error) {
	return ask[operator.Rates](ctx, c, "Rates", question{})
}

// Delivery implements [operator.Relay].
func (c *Client) Delivery(ctx context.Context, id int64) (operator.Explanation, error) {
	return ask[operator.Explanation](ctx, c, "Delivery", question{name: strconv.FormatInt(id, 10)})
}

// Events implements [operator.Relay]. It asks for one page after the other.
func (c *Client) Events(ctx context.Context, f store.EventFilter) ([]operator.Fated, error) {
	return pages(f.Limit, func(last *operator.Fated, limit int) ([]operator.Fated, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]operator.Fated](ctx, c, "Events", question{query: query(eventFields(&f))})
	})
}

// Refusals implements [operator.Relay].
func (c *Client) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	return ask[[]store.Refusal](ctx, c, "Refusals", question{query: url.Values{"connector": {connector}}})
}

// Explain implements [operator.Relay].
func (c *Client) Explain(ctx context.Context, ref string) ([]operator.Explanation, error) {
	return ask[[]operator.Explanation](ctx, c, "Explain", question{query: url.Values{"event": {ref}}})
}

// Send implements [operator.Relay].
func (c *Client) Send(ctx context.Context, channel string, cd card.Card) (operator.Delivery, error) {
	return ask[operator.Delivery](ctx, c, "Send", question{name: channel, body: cd})
}

// Poll implements [operator.Relay].
func (c *Client) Poll(ctx context.Context, connector string) (operator.PollReport, error) {
	return ask[operator.PollReport](ctx, c, "Poll", question{name: connector})
}

// DryRun implements [operator.Relay].
func (c *Client) DryRun(ctx context.Context, connector string) ([]operator.Event, error) {
	return ask[[]operator.Event](ctx, c, "DryRun", question{name: connector})
}

// SignIn implements [operator.Relay].
func (c *Client) SignIn(ctx context.Context, connector string) (operator.SignIn, error) {
	return ask[operator.SignIn](ctx, c, "SignIn", question{name: connector})
}

// AwaitSignIn implements [operator.Relay].
func (c *Client) AwaitSignIn(ctx context.Context, id string) error {
	for {
		s, err := ask[signedIn](ctx, c, "AwaitSignIn", question{name: id})
		if err != nil || s.Over {
			return err
		}
	}
}

// PasteToken implements [operator.Relay].
func (c *Client) PasteToken(ctx context.Context, id, token string) error {
	return tell(ctx, c, "PasteToken", question{name: id, body: pastedToken{Token: token}})
}

// PostCard implements [operator.Relay].
func (c *Client) PostCard(ctx context.Context, connector string, cd card.Card) (operator.HookAnswer, error) {
	return ask[operator.HookAnswer](ctx, c, "PostCard", question{name: connector, body: cd})
}

// AddPicture implements [operator.Relay].
func (c *Client) AddPicture(ctx context.Context, u operator.Upload) (operator.Picture, error) {
	return ask[operator.Picture](ctx, c, "AddPicture", question{body: u})
}

// RotateHook implements [operator.Relay].
func (c *Client) RotateHook(ctx context.Context, connector string, grace time.Duration) (operator.Connector, error) {
	return ask[operator.Connector](ctx, c, "RotateHook", question{name: connector, body: rotation{Grace: grace.String()}})
}

// ForgetConnector implements [operator.Relay].
func (c *Client) ForgetConnector(ctx context.Context, connector string) error {
	return tell(ctx, c, "ForgetConnector", question{name: connector})
}

// ForgetChannel implements [operator.Relay].
func (c *Client) ForgetChannel(ctx context.Context, channel string) (int, error) {
	return ask[int](ctx, c, "ForgetChannel", question{name: channel})
}

// Pause implements [operator.Relay].
func (c *Client) Pause(ctx context.Context, channel, reason string) error {
	return tell(ctx, c, "Pause", question{name: channel, body: pausing{Reason: reason}})
}

// Drain implements [operator.Relay].
func (c *Client) Drain(ctx context.Context, channel string) error {
	return tell(ctx, c, "Drain", question{name: channel})
}

// Waiting implements [operator.Relay].
func (c *Client) Waiting(ctx context.Context, channel string) ([]operator.Delivery, error) {
	return ask[[]operator.Delivery](ctx, c, "Waiting", question{name: channel})
}

// Payload implements [operator.Relay].
func (c *Client) Payload(ctx context.Context, delivery int64) (operator.Payload, error) {
	return ask[operator.Payload](ctx, c, "Payload", question{name: strconv.FormatInt(delivery, 10)})
}

// Resume implements [operator.Relay].
func (c *Client) Resume(ctx context.Context, channel string) error {
	return tell(ctx, c, "Resume", question{name: channel})
}

// Mutes implements [operator.Relay].
func (c *Client) Mutes(ctx context.Context) ([]operator.Mute, error) {
	return ask[[]operator.Mute](ctx, c, "Mutes", question{})
}

// Mute implements [operator.Relay].
func (c *Client) Mute(ctx context.Context, m operator.Mute) (operator.Mute, error) {
	return ask[operator.Mute](ctx, c, "Mute", question{body: m})
}

// Unmute implements [operator.Relay].
func (c *Client) Unmute(ctx context.Context, id int64) error {
	return tell(ctx, c, "Unmute", question{name: strconv.FormatInt(id, 10)})
}

// Replay implements [operator.Relay].
func (c *Client) Replay(ctx context.Context, s operator.Selection) ([]int64, error) {
	return ask[[]int64](ctx, c, "Replay", question{body: s})
}

// Dismiss implements [operator.Relay].
func (c *Client) Dismiss(ctx context.Context, s operator.Selection) ([]int64, error) {
	return ask[[]int64](ctx, c, "Dismiss", question{body: s})
}

// Configuration implements [operator.Relay].
func (c *Client) Configuration(ctx context.Context) ([]operator.File, error) {
	return ask[[]operator.File](ctx, c, "Configuration", question{})
}

// Preview implements [operator.Relay].
func (c *Client) Preview(ctx context.Context, p operator.Paste) (operator.Pasted, error) {
	return ask[operator.Pasted](ctx, c, "Preview", question{body: p})
}

// TryRoute implements [operator.Relay].
func (c *Client) TryRoute(ctx context.Context, d operator.RouteDraft) (operator.RouteTrial, error) {
	return ask[operator.RouteTrial](ctx, c, "TryRoute", question{body: d})
}

// Doctor implements [operator.Relay].
func (c *Client) Doctor(ctx context.Context, channel string) (operator.Examination, error) {
	return ask[operator.Examination](ctx, c, "Doctor", question{name: channel})
}

// Plan implements [operator.Relay].
func (c *Client) Plan(ctx context.Context) ([]operator.Change, error) {
	return ask[[]operator.Change](ctx, c, "Plan", question{})
}

// Reload implements [operator.Relay].
func (c *Client) Reload(ctx context.Context) ([]operator.Change, error) {
	return ask[[]operator.Change](ctx, c, "Reload", question{})
}

// pages requests pages until it has as many elements as are wanted, or there are no more.
// The last element of each page leads to the next.
func pages[T any](wanted int, page func(last *T, limit int) ([]T, error)) ([]T, error) {
	list := []T{}
	for last := (*T)(nil); ; last = &list[len(list)-1] {
		more, err := page(last, max(0, wanted-len(list)))
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
		if len(more) < operator.MostListed || len(list) >= wanted {
			return list, nil
		}
	}
}

// Types implements [operator.Relay].
func (c *Client) Types(ctx context.Context) ([]operator.ConnectorType, error) {
	return ask[[]operator.ConnectorType](ctx, c, "Types", question{})
}

// Blocks implements [operator.Relay].
func (c *Client) Blocks(ctx context.Context) ([]operator.Block, error) {
	return ask[[]operator.Block](ctx, c, "Blocks", question{})
}

// Export implements [operator.Relay].
func (c *Client) Export(ctx context.Context) (operator.Exported, error) {
	return ask[operator.Exported](ctx, c, "Export", question{})
}

// Draft implements [operator.Relay].
func (c *Client) Draft(ctx context.Context, d operator.Draft) (operator.Drafted, error) {
	return ask[operator.Drafted](ctx, c, "Draft", question{body: d})
}

// TryConnector implements [operator.Relay].
func (c *Client) TryConnector(ctx context.Context, d operator.Draft) (operator.Trial, error) {
	return ask[operator.Trial](ctx, c, "TryConnector", question{body: d})
}

// Save implements [operator.Relay].
func (c *Client) Save(ctx context.Context, d operator.Draft) (operator.Block, error) {
	return ask[operator.Block](ctx, c, "Save", question{body: d})
}

// RemoveBlock implements [operator.Relay].
func (c *Client) RemoveBlock(ctx context.Context, connector string, revision int64) error {
	return tell(ctx, c, "RemoveBlock", question{name: connector, body: removal{revision}})
}

// TakeOver implements [operator.Relay].
func (c *Client) TakeOver(ctx context.Context, connector string) (operator.Block, error) {
	return ask[operator.Block](ctx, c, "TakeOver", question{name: connector})
}
