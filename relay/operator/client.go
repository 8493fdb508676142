package operator

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
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/signin"
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

var _ Relay = (*Client)(nil)

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

// Status implements [Relay].
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, question{route: statusRoute})
}

// Connectors implements [Relay].
func (c *Client) Connectors(ctx context.Context) ([]Connector, error) {
	return ask[[]Connector](ctx, c, question{route: connectorsRoute})
}

// Channels implements [Relay].
func (c *Client) Channels(ctx context.Context) ([]Channel, error) {
	return ask[[]Channel](ctx, c, question{route: channelsRoute})
}

// Plugins implements [Relay].
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	return ask[[]Plugin](ctx, c, question{route: pluginsRoute})
}

// Deliveries implements [Relay]. It asks for one page after the other.
func (c *Client) Deliveries(ctx context.Context, f store.Filter) ([]Delivery, error) {
	return pages(f.Limit, func(last *Delivery, limit int) ([]Delivery, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]Delivery](ctx, c, question{route: deliveriesRoute, query: query(deliveryFields(&f))})
	})
}

// Events implements [Relay]. It asks for one page after the other.
func (c *Client) Events(ctx context.Context, f store.EventFilter) ([]Fated, error) {
	return pages(f.Limit, func(last *Fated, limit int) ([]Fated, error) {
		if last != nil {
			f.Before = last.ID
		}
		f.Limit = limit
		return ask[[]Fated](ctx, c, question{route: eventsRoute, query: query(eventFields(&f))})
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
		if len(more) < mostListed || len(list) >= wanted {
			return list, nil
		}
	}
}

// Refusals implements [Relay].
func (c *Client) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	return ask[[]store.Refusal](ctx, c, question{route: refusedRoute, query: url.Values{"connector": {connector}}})
}

// Explain implements [Relay].
func (c *Client) Explain(ctx context.Context, ref string) ([]Explanation, error) {
	return ask[[]Explanation](ctx, c, question{route: explainRoute, query: url.Values{"event": {ref}}})
}

// Send implements [Relay].
func (c *Client) Send(ctx context.Context, channel string, cd card.Card) (Delivery, error) {
	return ask[Delivery](ctx, c, question{route: sendRoute, name: channel, body: cd})
}

// Poll implements [Relay].
func (c *Client) Poll(ctx context.Context, connector string) (intake.PollReport, error) {
	return ask[intake.PollReport](ctx, c, question{route: pollRoute, name: connector})
}

// DryRun implements [Relay].
func (c *Client) DryRun(ctx context.Context, connector string) ([]Event, error) {
	return ask[[]Event](ctx, c, question{route: dryRunRoute, name: connector})
}

// SignIn implements [Relay].
func (c *Client) SignIn(ctx context.Context, connector string) (signin.Session, error) {
	return ask[signin.Session](ctx, c, question{route: signInRoute, name: connector})
}

// AwaitSignIn implements [Relay].
func (c *Client) AwaitSignIn(ctx context.Context, id string) error {
	return tell(ctx, c, question{route: awaitSignInRoute, name: id})
}

// PasteToken implements [Relay].
func (c *Client) PasteToken(ctx context.Context, id, token string) error {
	return tell(ctx, c, question{route: pasteTokenRoute, name: id, body: pasted{Token: token}})
}

// RotateHook implements [Relay].
func (c *Client) RotateHook(ctx context.Context, connector string, grace time.Duration) (Connector, error) {
	return ask[Connector](ctx, c, question{route: rotateRoute, name: connector, query: url.Values{"grace": {grace.String()}}})
}

// ForgetConnector implements [Relay].
func (c *Client) ForgetConnector(ctx context.Context, connector string) error {
	return tell(ctx, c, question{route: forgetConnectorRoute, name: connector})
}

// ForgetChannel implements [Relay].
func (c *Client) ForgetChannel(ctx context.Context, channel string) (int, error) {
	return ask[int](ctx, c, question{route: forgetChannelRoute, name: channel})
}

// Pause implements [Relay].
func (c *Client) Pause(ctx context.Context, channel, reason string) error {
	return tell(ctx, c, question{route: pauseRoute, name: channel, query: url.Values{"reason": {reason}}})
}

// Resume implements [Relay].
func (c *Client) Resume(ctx context.Context, channel string) error {
	return tell(ctx, c, question{route: resumeRoute, name: channel})
}

// Replay implements [Relay].
func (c *Client) Replay(ctx context.Context, s Selection) ([]int64, error) {
	return ask[[]int64](ctx, c, question{route: replayRoute, body: s})
}

// Dismiss implements [Relay].
func (c *Client) Dismiss(ctx context.Context, s Selection) ([]int64, error) {
	return ask[[]int64](ctx, c, question{route: dismissRoute, body: s})
}

// Plan implements [Relay].
func (c *Client) Plan(ctx context.Context) ([]Change, error) {
	return ask[[]Change](ctx, c, question{route: planRoute})
}

// Reload implements [Relay].
func (c *Client) Reload(ctx context.Context) ([]Change, error) {
	return ask[[]Change](ctx, c, question{route: reloadRoute})
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
		return &remoteError{text: p.Error, is: ErrNotFound}
	case http.StatusUnprocessableEntity:
		return &remoteError{text: p.Error, is: ErrInvalid}
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

// Unwrap returns ErrNotFound or ErrInvalid, or nil.
func (e *remoteError) Unwrap() error { return e.is }
