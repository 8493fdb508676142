// Package api carries [operator.Relay] over HTTP, as JSON below /api/v1/: [Handler] serves a
// relay, and a [Client] asks one elsewhere.
package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
)

const (
	// maxBody bounds a request's body, in bytes, unless it is a large one. Cards are far
	// smaller.
	maxBody = 1 << 20
	// writeWithin is how long a client may take to read an answer.
	writeWithin = time.Minute
)

// Handler serves a relay that knows by a request's context who asks and what she may.
func Handler(r operator.Relay) http.Handler {
	mux, people := http.NewServeMux(), newCrowd()
	for _, e := range endpoints() {
		mux.HandleFunc(e.route.pattern(), func(w http.ResponseWriter, req *http.Request) {
			answer(w, func() (any, error) { return e.serve(r, people, w, req) })
		})
	}
	description := sync.OnceValues(Describe)
	mux.HandleFunc("GET "+root+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, description)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) { missed(w, req, mux) })
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// Some questions take long. Reading the answer does not.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		mux.ServeHTTP(w, req)
	})
}

// serve answers one request.
func (e endpoint) serve(r operator.Relay, people *crowd, w http.ResponseWriter, req *http.Request) (any, error) {
	leave, err := people.join(req.Context())
	if err != nil {
		return nil, err
	}
	defer leave()
	defer func() { _ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeWithin)) }()
	req.Body = http.MaxBytesReader(w, req.Body, max(maxBody, e.most))
	if e.query == nil {
		if err := parse(nil, req.URL.RawQuery); err != nil {
			return nil, err
		}
	}
	return e.answer(r, req)
}

// missed answers a request that no route is for.
func missed(w http.ResponseWriter, req *http.Request, mux *http.ServeMux) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := req.Clone(req.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		writeProblem(w, fmt.Errorf("%s: %w; %s/openapi.json describes what there is", req.URL.Path, operator.ErrNotFound, root))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeProblem(w, statusError{http.StatusMethodNotAllowed, fmt.Sprintf("%s takes %s", req.URL.Path, strings.Join(allowed, " and "))})
}

// decode reads a request's body. It takes no field that it does not know, because to
// ignore one that narrows what is changed would change too much.
func decode[B any](req *http.Request) (body B, err error) {
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return body, statusError{http.StatusUnsupportedMediaType, "the body must be JSON, with Content-Type: application/json"}
	}
	dec := json.NewDecoder(req.Body)
	dec.DisallowUnknownFields()
	if err = dec.Decode(&body); err == nil {
		if _, end := dec.Token(); errors.Is(end, io.EOF) {
			return body, nil
		}
		err = errors.New("something follows the JSON value")
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return body, statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit)}
	}
	return body, fmt.Errorf("%w request: %w", operator.ErrInvalid, err)
}

// failure is an error in its wire form.
type failure struct {
	Error string `json:"error"`
	// Mistakes are what is wrong with the fields of a draft.
	Mistakes []form.Mistake `json:"mistakes,omitempty"`
}

// statusError is an error about HTTP itself.
type statusError struct {
	status int
	text   string
}

// Error implements error.
func (e statusError) Error() string { return e.text }

// meanings are the errors that keep their meaning, with the statuses that carry it.
func meanings() map[int]error {
	return map[int]error{
		http.StatusNotFound: operator.ErrNotFound, http.StatusUnprocessableEntity: operator.ErrInvalid,
		http.StatusForbidden: operator.ErrForbidden, http.StatusConflict: operator.ErrConflict,
		http.StatusServiceUnavailable: operator.ErrBusy,
	}
}

func writeProblem(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	for s, meaning := range meanings() {
		if errors.Is(err, meaning) {
			status = s
		}
	}
	if e, ok := errors.AsType[statusError](err); ok {
		status = e.status
	}
	f := failure{Error: err.Error()}
	if e, ok := errors.AsType[*operator.MistakenError](err); ok {
		f.Mistakes = e.Mistakes
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	write(w, status, f)
}

// answer writes what a question comes to.
func answer(w http.ResponseWriter, ask func() (any, error)) {
	v, err := ask()
	if err != nil {
		writeProblem(w, err)
		return
	}
	write(w, http.StatusOK, v)
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// There is nobody to tell when the client has gone away.
	_ = enc.Encode(v)
}
