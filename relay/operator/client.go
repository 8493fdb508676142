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

// Received lets f see, and change, what each answer says before the caller does: f
// gets a pointer to it.
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
	return call[Status](ctx, c, http.MethodGet, "status", nil)
}

// Connectors implements [Relay].
func (c *Client) Connectors(ctx context.Context) ([]Connector, error) {
	return call[[]Connector](ctx, c, http.MethodGet, "connectors", nil)
}

// Channels implements [Relay].
func (c *Client) Channels(ctx context.Context) ([]Channel, error) {
	return call[[]Channel](ctx, c, http.MethodGet, "channels", nil)
}

// Plugins implements [Relay].
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	return call[[]Plugin](ctx, c, http.MethodGet, "plugins", nil)
}

// Deliveries implements [Relay]. It asks for one page after the other.
func (c *Client) Deliveries(ctx context.Context, q Query) ([]Delivery, error) {
	return pages(q.Limit, func(last *Delivery, limit int) ([]Delivery, error) {
		if last != nil {
			q.Before = last.ID
		}
		q.Limit = limit
		return call[[]Delivery](ctx, c, http.MethodGet, "deliveries?"+q.values().Encode(), nil)
	})
}

// Events implements [Relay]. It asks for one page after the other.
func (c *Client) Events(ctx context.Context, q EventQuery) ([]Fated, error) {
	return pages(q.Limit, func(last *Fated, limit int) ([]Fated, error) {
		if last != nil {
			q.Before = last.ID
		}
		q.Limit = limit
		return call[[]Fated](ctx, c, http.MethodGet, "events?"+q.values().Encode(), nil)
	})
}

// pages asks for pages until it has as many as are wanted, or there are no more. Each
// is asked for with the last element of the one before.
func pages[T any](wanted int, page func(last *T, limit int) ([]T, error)) ([]T, error) {
	list := []T{}
	for last := (*T)(nil); ; last = &list[len(list)-1] {
		more, err := page(last, max(0, wanted-len(list)))
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
		if len(more) < MostListed || len(list) >= wanted {
			return list, nil
		}
	}
}

// Refusals implements [Relay].
func (c *Client) Refusals(ctx context.Context, connector string) ([]Refusal, error) {
	return call[[]Refusal](ctx, c, http.MethodGet, "refused?"+url.Values{"connector": {connector}}.Encode(), nil)
}

// Explain implements [Relay].
func (c *Client) Explain(ctx context.Context, ref string) ([]Explanation, error) {
	return call[[]Explanation](ctx, c, http.MethodGet, "explain?"+url.Values{"event": {ref}}.Encode(), nil)
}

// Send implements [Relay].
func (c *Client) Send(ctx context.Context, channel string, cd card.Card) (Delivery, error) {
	return call[Delivery](ctx, c, http.MethodPost, "channels/"+url.PathEscape(channel)+"/send", cd)
}

// Poll implements [Relay].
func (c *Client) Poll(ctx context.Context, connector string) (PollReport, error) {
	return call[PollReport](ctx, c, http.MethodPost, "connectors/"+url.PathEscape(connector)+"/poll", nil)
}

// DryRun implements [Relay].
func (c *Client) DryRun(ctx context.Context, connector string) ([]Event, error) {
	return call[[]Event](ctx, c, http.MethodPost, "connectors/"+url.PathEscape(connector)+"/dry-run", nil)
}

// SignIn implements [Relay].
func (c *Client) SignIn(ctx context.Context, connector string) (SignIn, error) {
	return call[SignIn](ctx, c, http.MethodPost, "connectors/"+url.PathEscape(connector)+"/sign-in", nil)
}

// AwaitSignIn implements [Relay].
func (c *Client) AwaitSignIn(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, c, http.MethodGet, "sign-ins/"+url.PathEscape(id), nil)
	return err
}

// PasteToken implements [Relay].
func (c *Client) PasteToken(ctx context.Context, id, token string) error {
	_, err := call[struct{}](ctx, c, http.MethodPost, "sign-ins/"+url.PathEscape(id)+"/token", Pasted{Token: token})
	return err
}

// RotateHook implements [Relay].
func (c *Client) RotateHook(ctx context.Context, connector string, grace time.Duration) (Connector, error) {
	return call[Connector](ctx, c, http.MethodPost, "connectors/"+url.PathEscape(connector)+"/rotate?"+url.Values{"grace": {grace.String()}}.Encode(), nil)
}

// ForgetConnector implements [Relay].
func (c *Client) ForgetConnector(ctx context.Context, connector string) error {
	_, err := call[struct{}](ctx, c, http.MethodPost, "connectors/"+url.PathEscape(connector)+"/forget", nil)
	return err
}

// ForgetChannel implements [Relay].
func (c *Client) ForgetChannel(ctx context.Context, channel string) (int, error) {
	return call[int](ctx, c, http.MethodPost, "channels/"+url.PathEscape(channel)+"/forget", nil)
}

// Pause implements [Relay].
func (c *Client) Pause(ctx context.Context, channel, reason string) error {
	path := "channels/" + url.PathEscape(channel) + "/pause?" + url.Values{"reason": {reason}}.Encode()
	_, err := call[struct{}](ctx, c, http.MethodPost, path, nil)
	return err
}

// Resume implements [Relay].
func (c *Client) Resume(ctx context.Context, channel string) error {
	_, err := call[struct{}](ctx, c, http.MethodPost, "channels/"+url.PathEscape(channel)+"/resume", nil)
	return err
}

// Replay implements [Relay].
func (c *Client) Replay(ctx context.Context, s Selection) ([]int64, error) {
	return call[[]int64](ctx, c, http.MethodPost, "dead-letters/replay", s)
}

// Dismiss implements [Relay].
func (c *Client) Dismiss(ctx context.Context, s Selection) ([]int64, error) {
	return call[[]int64](ctx, c, http.MethodPost, "dead-letters/dismiss", s)
}

// Plan implements [Relay].
func (c *Client) Plan(ctx context.Context) ([]Change, error) {
	return call[[]Change](ctx, c, http.MethodPost, "plan", nil)
}

// Reload implements [Relay].
func (c *Client) Reload(ctx context.Context) ([]Change, error) {
	return call[[]Change](ctx, c, http.MethodPost, "reload", nil)
}

// call asks one question and decodes the answer. A problem comes back as the
// error it was on the other side, as far as a caller can act on it.
func call[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var answer T
	b, err := json.Marshal(body)
	if err != nil {
		return answer, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://relay/api/"+path, bytes.NewReader(b))
	if err != nil {
		return answer, fmt.Errorf("ask the relay: %w", err)
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

// remoteError is an error of the other side: its words, and what it is.
type remoteError struct {
	text string
	is   error
}

// Error implements error.
func (e *remoteError) Error() string { return e.text }

// Unwrap returns ErrNotFound or ErrInvalid, or nil.
func (e *remoteError) Unwrap() error { return e.is }
