package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// ErrNotRunning says that nobody answers on the operator socket.
var ErrNotRunning = errors.New("no relay is running")

// Client speaks to a running relay over its operator socket.
type Client struct {
	http http.Client
	// received, when not nil, is handed a pointer to each answer.
	received func(answer any)
}

var _ operator.Relay = (*Client)(nil)

// Dial returns a client for the socket at a path. It connects at the first call;
// every call fails with [ErrNotRunning] when no relay listens there.
func Dial(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", short(path))
		if err != nil {
			return nil, fmt.Errorf("%w with this configuration (its socket would be %s); start it with `relay run`", ErrNotRunning, path)
		}
		return conn, nil
	}
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Received lets f see and change each answer before the caller does: f gets a pointer to it.
func (c *Client) Received(f func(answer any)) *Client {
	c.received = f
	return c
}

// short returns the shorter of a socket's absolute path and its path from the
// working directory, because a socket's path is limited to about 100 bytes.
func short(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || len(rel) >= len(path) {
		return path
	}
	return rel
}

// Status implements [operator.Relay].
func (c *Client) Status(ctx context.Context) (operator.Status, error) {
	return ask[operator.Status](ctx, c, question{route: statusRoute})
}

// Problems implements [operator.Relay].
func (c *Client) Problems(ctx context.Context) ([]operator.Problem, error) {
	return ask[[]operator.Problem](ctx, c, question{route: problemsRoute})
}

// Connectors implements [operator.Relay].
func (c *Client) Connectors(ctx context.Context) ([]operator.Connector, error) {
	return ask[[]operator.Connector](ctx, c, question{route: connectorsRoute})
}

// Channels implements [operator.Relay].
func (c *Client) Channels(ctx context.Context) ([]operator.Channel, error) {
	return ask[[]operator.Channel](ctx, c, question{route: channelsRoute})
}

// Plugins implements [operator.Relay].
func (c *Client) Plugins(ctx context.Context) ([]operator.Plugin, error) {
	return ask[[]operator.Plugin](ctx, c, question{route: pluginsRoute})
}

// Deliveries implements [operator.Relay]. It asks for one page after the other.
func (c *Client) Deliveries(ctx context.Context, f store.Filter) ([]operator.Delivery, error) {
	return pages(f.Limit, func(last *operator.Delivery, limit int) ([]operator.Delivery, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]operator.Delivery](ctx, c, question{route: deliveriesRoute, query: query(deliveryFields(&f))})
	})
}

// Delivery implements [operator.Relay].
func (c *Client) Delivery(ctx context.Context, id int64) (operator.Explanation, error) {
	return ask[operator.Explanation](ctx, c, question{route: deliveryRoute, name: strconv.FormatInt(id, 10)})
}

// Events implements [operator.Relay]. It asks for one page after the other.
func (c *Client) Events(ctx context.Context, f store.EventFilter) ([]operator.Fated, error) {
	return pages(f.Limit, func(last *operator.Fated, limit int) ([]operator.Fated, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]operator.Fated](ctx, c, question{route: eventsRoute, query: query(eventFields(&f))})
	})
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

// Refusals implements [operator.Relay].
func (c *Client) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	return ask[[]store.Refusal](ctx, c, question{route: refusedRoute, query: url.Values{"connector": {connector}}})
}

// Explain implements [operator.Relay].
func (c *Client) Explain(ctx context.Context, ref string) ([]operator.Explanation, error) {
	return ask[[]operator.Explanation](ctx, c, question{route: explainRoute, query: url.Values{"event": {ref}}})
}

// Send implements [operator.Relay].
func (c *Client) Send(ctx context.Context, channel string, cd card.Card) (operator.Delivery, error) {
	return ask[operator.Delivery](ctx, c, question{route: sendRoute, name: channel, body: cd})
}

// Poll implements [operator.Relay].
func (c *Client) Poll(ctx context.Context, connector string) (operator.PollReport, error) {
	return ask[operator.PollReport](ctx, c, question{route: pollRoute, name: connector})
}

// DryRun implements [operator.Relay].
func (c *Client) DryRun(ctx context.Context, connector string) ([]operator.Event, error) {
	return ask[[]operator.Event](ctx, c, question{route: dryRunRoute, name: connector})
}

// SignIn implements [operator.Relay].
func (c *Client) SignIn(ctx context.Context, connector string) (operator.SignIn, error) {
	return ask[operator.SignIn](ctx, c, question{route: signInRoute, name: connector})
}

// AwaitSignIn implements [operator.Relay].
func (c *Client) AwaitSignIn(ctx context.Context, id string) error {
	return tell(ctx, c, question{route: awaitSignInRoute, name: id})
}

// PasteToken implements [operator.Relay].
func (c *Client) PasteToken(ctx context.Context, id, token string) error {
	return tell(ctx, c, question{route: pasteTokenRoute, name: id, body: pasted{Token: token}})
}

// RotateHook implements [operator.Relay].
func (c *Client) RotateHook(ctx context.Context, connector string, grace time.Duration) (operator.Connector, error) {
	return ask[operator.Connector](ctx, c, question{route: rotateRoute, name: connector, query: url.Values{"grace": {grace.String()}}})
}

// ForgetConnector implements [operator.Relay].
func (c *Client) ForgetConnector(ctx context.Context, connector string) error {
	return tell(ctx, c, question{route: forgetConnectorRoute, name: connector})
}

// ForgetChannel implements [operator.Relay].
func (c *Client) ForgetChannel(ctx context.Context, channel string) (int, error) {
	return ask[int](ctx, c, question{route: forgetChannelRoute, name: channel})
}

// Pause implements [operator.Relay].
func (c *Client) Pause(ctx context.Context, channel, reason string) error {
	return tell(ctx, c, question{route: pauseRoute, name: channel, query: url.Values{"reason": {reason}}})
}

// Resume implements [operator.Relay].
func (c *Client) Resume(ctx context.Context, channel string) error {
	return tell(ctx, c, question{route: resumeRoute, name: channel})
}

// Replay implements [operator.Relay].
func (c *Client) Replay(ctx context.Context, s operator.Selection) ([]int64, error) {
	return ask[[]int64](ctx, c, question{route: replayRoute, body: s})
}

// Dismiss implements [operator.Relay].
func (c *Client) Dismiss(ctx context.Context, s operator.Selection) ([]int64, error) {
	return ask[[]int64](ctx, c, question{route: dismissRoute, body: s})
}

// Plan implements [operator.Relay].
func (c *Client) Plan(ctx context.Context) ([]operator.Change, error) {
	return ask[[]operator.Change](ctx, c, question{route: planRoute})
}

// Reload implements [operator.Relay].
func (c *Client) Reload(ctx context.Context) ([]operator.Change, error) {
	return ask[[]operator.Change](ctx, c, question{route: reloadRoute})
}

// question is what a client asks: a route, and the values for it.
type question struct {
	route route
	// name is the channel, connector or sign-in in the path.
	name  string
	query url.Values
	// body is sent as JSON.
	body any
}

func (q question) request(ctx context.Context) (*http.Request, error) {
	b, err := json.Marshal(q.body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, q.route.method(), "http://relay"+q.route.path(q.name)+"?"+q.query.Encode(), bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("ask the relay: %w", err)
	}
	return req, nil
}

// ask asks one question and decodes the answer. A problem becomes the error that it was
// on the other side, as far as a caller can act on it.
func ask[A any](ctx context.Context, c *Client, q question) (A, error) {
	var answer A
	req, err := q.request(ctx)
	if err != nil {
		return answer, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		// The URL in net/http's own error means nothing to a person here.
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return answer, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer, readProblem(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return answer, fmt.Errorf("read the relay's answer: %w", err)
	}
	if c.received != nil {
		c.received(&answer)
	}
	return answer, nil
}

// tell asks the relay to do something.
func tell(ctx context.Context, c *Client, q question) error {
	_, err := ask[struct{}](ctx, c, q)
	return err
}

func readProblem(resp *http.Response) error {
	var p problem
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return fmt.Errorf("read the relay's answer: %w", err)
	}
	if json.Unmarshal(b, &p) != nil || p.Error == "" {
		p.Error = fmt.Sprintf("the relay answered %s", resp.Status)
	}
	switch resp.StatusCode {
	case http.StatusNotFound:
		return &remoteError{text: p.Error, is: operator.ErrNotFound}
	case http.StatusUnprocessableEntity:
		return &remoteError{text: p.Error, is: operator.ErrInvalid}
	case http.StatusForbidden:
		return &remoteError{text: p.Error, is: operator.ErrForbidden}
	case http.StatusConflict:
		return &remoteError{text: p.Error, is: operator.ErrConflict}
	}
	return &remoteError{text: p.Error}
}

// remoteError is an error from the other side: its words and its meaning.
type remoteError struct {
	text string
	is   error
}

// Error implements error.
func (e *remoteError) Error() string { return e.text }

// Unwrap returns one of package operator's errors, or nil.
func (e *remoteError) Unwrap() error { return e.is }
