// Package dashboard is the pages: the channels, and each channel's cards as they
// arrive, drawn the way Teams draws a Connector Card. Everything is drawn on the
// server; the pages work without JavaScript and update themselves with it.
//
// The pages show what package operator answers and decide nothing themselves.
package dashboard

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

//go:embed pages
var files embed.FS

// pageSize is how many cards a channel's page shows.
const pageSize = 30

// mostDead is how many dead letters the overview shows.
const mostDead = 10

// Relay is what the pages read; package operator says what each method promises.
type Relay interface {
	Problems(ctx context.Context) ([]operator.Problem, error)
	Channels(ctx context.Context) ([]operator.Channel, error)
	Connectors(ctx context.Context) ([]operator.Connector, error)
	Deliveries(ctx context.Context, f store.Filter) ([]operator.Delivery, error)
	Delivery(ctx context.Context, id int64) (operator.Explanation, error)
}

// Options are what a dashboard shows.
type Options struct {
	Relay   Relay
	Log     zerolog.Logger
	Version string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Dashboard serves the pages. Its methods may be called concurrently.
type Dashboard struct {
	options Options
	pages   *template.Template
	static  fs.FS
	hub     *hub
}

// New returns a dashboard.
func New(o Options) (*Dashboard, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Dashboard{options: o, hub: newHub()}
	var err error
	if d.pages, err = template.New("").Funcs(d.functions()).ParseFS(files, "pages/*.html"); err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	if d.static, err = fs.Sub(files, "pages"); err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	return d, nil
}

// Notify tells open pages that channels have news. It never blocks.
func (d *Dashboard) Notify(channels []string) { d.hub.notify(channels) }

// Close ends the connections of open pages, which would otherwise hold a server's
// graceful end up.
func (d *Dashboard) Close() { d.hub.close() }

// Handler serves the pages, to be guarded by [Dashboard.Guard].
func (d *Dashboard) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.overview)
	mux.HandleFunc("GET /connectors", d.connectors)
	mux.HandleFunc("GET /channels/{name}", d.channel)
	mux.HandleFunc("GET /deliveries/{id}", d.delivery)
	mux.HandleFunc("GET /changes", d.changes)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(d.static)))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { d.problem(w, http.StatusNotFound) })
	return mux
}

// Guard refuses requests that a web page elsewhere makes through a name of its own
// that points here (DNS rebinding), and sets the headers that keep a page's
// content harmless.
func (d *Dashboard) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			http.Error(w, "This dashboard answers only to localhost.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether a Host header names this machine.
func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// frame is what every page shows around its content.
type frame struct {
	Title   string
	Version string
	Now     time.Time
	Live    string
	// Place is which of the pages in the head this is.
	Place string
	Page  any
}

func (d *Dashboard) overview(w http.ResponseWriter, r *http.Request) {
	type row struct {
		operator.Channel
		Last *operator.Delivery
	}
	page := struct {
		Problems   []operator.Problem
		Channels   []row
		Connectors []operator.Connector
		Dead       []operator.Delivery
		MoreDead   bool
		Empty      bool
	}{Problems: listed(r.Context(), d, d.options.Relay.Problems), Connectors: listed(r.Context(), d, d.options.Relay.Connectors), Empty: true}
	dead, err := d.options.Relay.Deliveries(r.Context(), store.Filter{States: []delivery.State{delivery.Dead}, Limit: mostDead + 1})
	if err != nil {
		d.fail(w, err)
		return
	}
	page.Dead, page.MoreDead = dead[:min(len(dead), mostDead)], len(dead) > mostDead
	for _, c := range listed(r.Context(), d, d.options.Relay.Channels) {
		last, err := d.options.Relay.Deliveries(r.Context(), store.Filter{Channel: c.Name, Limit: 1})
		if err != nil {
			d.fail(w, err)
			return
		}
		row := row{Channel: c}
		if len(last) == 1 {
			row.Last, page.Empty = &last[0], false
		}
		page.Channels = append(page.Channels, row)
	}
	d.render(w, http.StatusOK, "overview.html", frame{Title: "Relay", Live: "*", Place: "channels", Page: page})
}

// listed returns a list, or as much of it as there is: a page without it still shows what
// is wrong.
func listed[T any](ctx context.Context, d *Dashboard, list func(context.Context) ([]T, error)) []T {
	found, err := list(ctx)
	if err != nil {
		d.options.Log.Error().Err(err).Msg("a list for a page could not be read")
	}
	return found
}

func (d *Dashboard) connectors(w http.ResponseWriter, r *http.Request) {
	page := struct{ Connectors []operator.Connector }{listed(r.Context(), d, d.options.Relay.Connectors)}
	d.render(w, http.StatusOK, "connectors.html", frame{Title: "Connectors", Live: "*", Place: "connectors", Page: page})
}

func (d *Dashboard) channel(w http.ResponseWriter, r *http.Request) {
	page := struct {
		operator.Channel
		Deliveries []operator.Delivery
		Older      int64
	}{}
	found := false
	for _, c := range listed(r.Context(), d, d.options.Relay.Channels) {
		if c.Name == r.PathValue("name") {
			page.Channel, found = c, true
		}
	}
	if !found {
		d.problem(w, http.StatusNotFound)
		return
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	list, err := d.options.Relay.Deliveries(r.Context(), store.Filter{Channel: page.Name, Before: before, Limit: pageSize + 1, Cards: true})
	if err != nil {
		d.fail(w, err)
		return
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		page.Older = list[pageSize-1].ID
	}
	page.Deliveries = list
	live := page.Name
	if before > 0 {
		live = ""
	}
	d.render(w, http.StatusOK, "channel.html", frame{Title: page.Name, Live: live, Page: page})
}

func (d *Dashboard) delivery(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		d.problem(w, http.StatusNotFound)
		return
	}
	x, err := d.options.Relay.Delivery(r.Context(), id)
	if err != nil {
		d.fail(w, err)
		return
	}
	page := struct {
		operator.Explained
		Event operator.Explanation
	}{x.Deliveries[0], x}
	d.render(w, http.StatusOK, "delivery.html", frame{Title: page.Title, Live: page.Channel, Page: page})
}

// render writes a page whole or not at all.
func (d *Dashboard) render(w http.ResponseWriter, status int, name string, f frame) {
	f.Version, f.Now = d.options.Version, d.options.Now()
	var b bytes.Buffer
	if err := d.pages.ExecuteTemplate(&b, name, f); err != nil {
		d.options.Log.Error().Err(err).Str("page", name).Msg("a page could not be drawn")
		http.Error(w, "The page could not be drawn.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

func (d *Dashboard) problem(w http.ResponseWriter, status int) {
	d.render(w, status, "problem.html", frame{Title: http.StatusText(status), Page: status})
}

func (d *Dashboard) fail(w http.ResponseWriter, err error) {
	if errors.Is(err, operator.ErrNotFound) {
		d.problem(w, http.StatusNotFound)
		return
	}
	d.options.Log.Error().Err(err).Msg("the relay could not be read for a page")
	d.problem(w, http.StatusInternalServerError)
}
