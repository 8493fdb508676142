package intake

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// Answer is what a hook has answered.
type Answer struct {
	Status int
	Body   string
	// Events are the numbers of the events that the request led to.
	Events []int64
}

// Post posts JSON to a connector's hook URL from inside, by the way of every other request:
// what keeps a sender out keeps this one out too.
func (i *Intake) Post(ctx context.Context, name string, body []byte) (Answer, error) {
	path, err := i.openHook(name)
	if err != nil {
		return Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("post to connector %s: %w", name, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "127.0.0.1:0"
	w := &recorder{header: make(http.Header), status: http.StatusOK}
	i.serveHook(w, r)
	a := Answer{Status: w.status, Body: card.Cut(w.body.String(), mostAnswered)}
	for number := range strings.SplitSeq(w.header.Get(eventHeader), ", ") {
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			a.Events = append(a.Events, n)
		}
	}
	return a, nil
}

// mostAnswered bounds what is shown of a hook's answer, in characters.
const mostAnswered = 1000

// openHook returns the path of a connector's current hook URL.
func (i *Intake) openHook(name string) (path string, err error) {
	if i.all()[name] == nil {
		return "", fmt.Errorf("connector %s: %w", name, ErrNoConnector)
	}
	for _, u := range i.HookURLs() {
		if u.Connector == name && u.Until.IsZero() {
			return u.Path, nil
		}
	}
	return "", fmt.Errorf("connector %s: %w", name, ErrNoHook)
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) { w.status = status }

// Write implements [io.Writer].
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
