package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
)

// maxBody bounds a request to the operator API, in bytes. Cards are far smaller.
const maxBody = 4 << 20

// Handler serves a relay as JSON below /api/. With readOnly it answers only what
// changes nothing; the dashboard's listener has no sign-in of its own yet.
func Handler(r Relay, readOnly bool) http.Handler {
	mux := http.NewServeMux()
	get(mux, "GET /api/status", func(req *http.Request) (any, error) { return r.Status(req.Context()) })
	get(mux, "GET /api/connectors", func(req *http.Request) (any, error) {
		list, err := r.Connectors(req.Context())
		if readOnly {
			hideHooks(list)
		}
		return list, err
	})
	get(mux, "GET /api/channels", func(req *http.Request) (any, error) { return r.Channels(req.Context()) })
	get(mux, "GET /api/plugins", func(req *http.Request) (any, error) { return r.Plugins(req.Context()) })
	get(mux, "GET /api/deliveries", func(req *http.Request) (any, error) {
		q, err := parseQuery(req.URL.Query())
		if err != nil {
			return nil, err
		}
		return r.Deliveries(req.Context(), q)
	})
	get(mux, "GET /api/events", func(req *http.Request) (any, error) {
		q, err := parseEventQuery(req.URL.Query())
		if err != nil {
			return nil, err
		}
		return r.Events(req.Context(), q)
	})
	get(mux, "GET /api/refused", func(req *http.Request) (any, error) {
		return r.Refusals(req.Context(), req.URL.Query().Get("connector"))
	})
	get(mux, "GET /api/explain", func(req *http.Request) (any, error) {
		return r.Explain(req.Context(), req.URL.Query().Get("event"))
	})
	if !readOnly {
		changes(mux, r)
	}
	return mux
}

// changes adds what alters the running relay.
func changes(mux *http.ServeMux, r Relay) {
	get(mux, "POST /api/channels/{name}/send", func(req *http.Request) (any, error) {
		var c card.Card
		if err := decode(req, &c); err != nil {
			return nil, err
		}
		return r.Send(req.Context(), req.PathValue("name"), c)
	})
	get(mux, "POST /api/channels/{name}/pause", func(req *http.Request) (any, error) {
		return struct{}{}, r.Pause(req.Context(), req.PathValue("name"), req.URL.Query().Get("reason"))
	})
	get(mux, "POST /api/channels/{name}/resume", func(req *http.Request) (any, error) {
		return struct{}{}, r.Resume(req.Context(), req.PathValue("name"))
	})
	get(mux, "POST /api/channels/{name}/forget", func(req *http.Request) (any, error) {
		return r.ForgetChannel(req.Context(), req.PathValue("name"))
	})
	get(mux, "POST /api/connectors/{name}/forget", func(req *http.Request) (any, error) {
		return struct{}{}, r.ForgetConnector(req.Context(), req.PathValue("name"))
	})
	get(mux, "POST /api/connectors/{name}/rotate", func(req *http.Request) (any, error) {
		grace, err := time.ParseDuration(req.URL.Query().Get("grace"))
		if err != nil || grace < 0 {
			return nil, fmt.Errorf("%w: the grace time is no duration", ErrInvalid)
		}
		return r.RotateHook(req.Context(), req.PathValue("name"), grace)
	})
	get(mux, "POST /api/connectors/{name}/poll", func(req *http.Request) (any, error) {
		return r.Poll(req.Context(), req.PathValue("name"))
	})
	get(mux, "POST /api/connectors/{name}/sign-in", func(req *http.Request) (any, error) {
		return r.SignIn(req.Context(), req.PathValue("name"))
	})
	get(mux, "GET /api/sign-ins/{id}", func(req *http.Request) (any, error) {
		return struct{}{}, r.AwaitSignIn(req.Context(), req.PathValue("id"))
	})
	get(mux, "POST /api/sign-ins/{id}/token", func(req *http.Request) (any, error) {
		var p Pasted
		if err := decode(req, &p); err != nil {
			return nil, err
		}
		return struct{}{}, r.PasteToken(req.Context(), req.PathValue("id"), p.Token)
	})
	get(mux, "POST /api/connectors/{name}/dry-run", func(req *http.Request) (any, error) {
		return r.DryRun(req.Context(), req.PathValue("name"))
	})
	get(mux, "POST /api/dead-letters/replay", func(req *http.Request) (any, error) {
		return selected(req, r.Replay)
	})
	get(mux, "POST /api/dead-letters/dismiss", func(req *http.Request) (any, error) {
		return selected(req, r.Dismiss)
	})
	get(mux, "POST /api/plan", func(req *http.Request) (any, error) { return r.Plan(req.Context()) })
	get(mux, "POST /api/reload", func(req *http.Request) (any, error) { return r.Reload(req.Context()) })
}

// get serves one question: the answer as JSON, or the error as a problem.
func get(mux *http.ServeMux, pattern string, answer func(*http.Request) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		v, err := answer(req)
		if err != nil {
			writeProblem(w, err)
			return
		}
		write(w, http.StatusOK, v)
	})
}

func selected(req *http.Request, do func(context.Context, Selection) ([]int64, error)) (any, error) {
	var s Selection
	if err := decode(req, &s); err != nil {
		return nil, err
	}
	return do(req.Context(), s)
}

func decode(req *http.Request, v any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, req.Body, maxBody)).Decode(v); err != nil {
		return fmt.Errorf("%w request: %w", ErrInvalid, err)
	}
	return nil
}

// hideHooks takes the hook URLs out: whoever has one can post.
func hideHooks(list []Connector) {
	for i := range list {
		list[i].HookURL = ""
		if f := list[i].FormerHook; f != nil {
			f.URL = ""
		}
	}
}

// problem is an error on the wire.
type problem struct {
	Error string `json:"error"`
}

func writeProblem(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, ErrInvalid):
		status = http.StatusUnprocessableEntity
	}
	write(w, status, problem{Error: err.Error()})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// A client that has gone away cannot be told so.
	_ = enc.Encode(v)
}

func parseQuery(v url.Values) (Query, error) {
	q := Query{Channel: v.Get("channel"), Connector: v.Get("connector")}
	for _, s := range strings.FieldsFunc(v.Get("state"), func(r rune) bool { return r == ',' }) {
		q.States = append(q.States, delivery.State(s))
	}
	err := checkStates(q.States)
	number := func(name string) (n int64) {
		if err == nil {
			n, err = wholeNumber(v, name)
		}
		return n
	}
	q.Event, q.Before, q.Limit = number("event"), number("before"), int(number("limit"))
	return q, err
}

// wholeNumber reads a number that may be missing.
func wholeNumber(v url.Values, name string) (int64, error) {
	if v.Get(name) == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(v.Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %s is not a whole number", ErrInvalid, name)
	}
	return n, nil
}

// checkStates refuses a state that no delivery can have: a list that is empty
// because of a typing mistake would be taken for good news.
func checkStates(states []delivery.State) error {
	for _, s := range states {
		if !slices.Contains(delivery.States(), s) {
			return fmt.Errorf("%w: there is no state %q; the states are %v", ErrInvalid, s, delivery.States())
		}
	}
	return nil
}

// values is the inverse of parseQuery.
func (q Query) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	states := make([]string, len(q.States))
	for i, s := range q.States {
		states[i] = string(s)
	}
	set("channel", q.Channel)
	set("connector", q.Connector)
	set("state", strings.Join(states, ","))
	set("event", strconv.FormatInt(q.Event, 10))
	set("before", strconv.FormatInt(q.Before, 10))
	set("limit", strconv.Itoa(q.Limit))
	return v
}
