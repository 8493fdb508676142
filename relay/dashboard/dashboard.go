// Package dashboard is the pages: how everything stands, each channel's cards as they
// arrive, drawn the way Teams draws a Connector Card, and what a person can do about it.
// Everything is drawn on the server; the pages work without JavaScript and update
// themselves with it.
//
// The pages show what package operator answers and decide nothing themselves. Each has a
// Go file and a template of the same name. Its function is a [page]: it reads the request,
// asks the relay, and returns a [view] or, after a change, [seeOther].
package dashboard

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/access/door"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/picture"
)

//go:embed static templates
var files embed.FS

// Options are what a dashboard shows.
type Options struct {
	Relay operator.Relay
	// Door lets people in and sees them out.
	Door Door
	// Pictures are those that cards name.
	Pictures Pictures
	Log      zerolog.Logger
	Version  string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Pictures serves the pictures that cards name, so that a browser asks no foreign host for
// them.
type Pictures interface {
	http.Handler
	// Address returns where a page finds a picture; it is empty for what can be none.
	Address(picture string) string
}

// Dashboard serves the pages. Its methods may be called concurrently.
type Dashboard struct {
	options   Options
	relay     operator.Relay
	templates *template.Template
	static    static
	hub       *hub
	carrier   carrier
	uploads   chan struct{}
}

// New returns a dashboard.
func New(o Options) (*Dashboard, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Dashboard{options: o, relay: o.Relay, hub: newHub(), uploads: make(chan struct{}, mostUploads)}
	var err error
	if d.carrier, err = newCarrier(); err != nil {
		return nil, fmt.Errorf("carry secrets: %w", err)
	}
	sub, err := fs.Sub(files, "static")
	if err == nil {
		d.static, err = newStatic(sub)
	}
	if err != nil {
		return nil, fmt.Errorf("read the static files: %w", err)
	}
	if d.templates, err = template.New("").Funcs(d.functions()).ParseFS(files, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	return d, nil
}

// Notify tells open pages that channels have news. It never blocks.
func (d *Dashboard) Notify(channels []string) { d.hub.notify(channels) }

// Changed tells the open pages that show more than a channel that something else has news,
// such as a connector's health. It never blocks.
func (d *Dashboard) Changed() { d.hub.tell(func(l *listening) bool { return l.whole }) }

// Close ends the connections of open pages, which would otherwise hold a server's
// graceful end up.
func (d *Dashboard) Close() { d.hub.close() }

// Handler serves the pages to whoever is in a request's context.
func (d *Dashboard) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, p := range d.pages() {
		mux.HandleFunc(pattern, d.serve(p))
	}
	mux.HandleFunc("GET /changes", d.changes)
	mux.HandleFunc("GET "+door.SignInPath, d.signIn)
	mux.HandleFunc("POST "+door.SignInPath, d.signInWithPassword)
	mux.HandleFunc("GET "+elsewherePath, d.signInElsewhere)
	mux.HandleFunc("GET "+door.CallbackPath, d.signedInElsewhere)
	mux.HandleFunc("POST /sign-out", d.signOut)
	mux.HandleFunc("GET /icons/{type}", d.icon)
	mux.HandleFunc("GET /connectors.hcl", d.export)
	mux.Handle("GET "+picture.ProxyPath, d.options.Pictures)
	mux.Handle("GET /static/", http.StripPrefix("/static/", d.static))
	return mux
}

// pages are all pages, and the changes that lead to them, by method and path.
func (d *Dashboard) pages() map[string]page {
	all := map[string]page{
		"GET /{$}":                        d.overview,
		"GET /connectors":                 d.connectors,
		"GET /connectors/{name}":          d.connector,
		"POST /connectors/{name}/poll":    d.poll,
		"POST /connectors/{name}/dry-run": d.dryRun,
		"POST /connectors/{name}/rotate":  d.rotate,
		"GET /connectors/{name}/forget":   d.askForgetConnector,
		"POST /connectors/{name}/forget":  d.forgetConnector,
		"GET /channels":                   d.channels,
		"GET /channels/{name}":            d.channel,
		"POST /channels/{name}/pause":     d.pause,
		"POST /channels/{name}/resume":    d.resume,
		"POST /channels/{name}/drain":     d.drain,
		"POST /channels/{name}/test":      d.test,
		"GET /channels/{name}/forget":     d.askForgetChannel,
		"POST /channels/{name}/forget":    d.forgetChannel,
		"GET /deliveries":                 d.deliveries,
		"GET /dead-letters":               d.deadLetters,
		"POST /dead-letters/{verb}":       d.decideChosen,
		"GET /dead-letters/{verb}/all":    d.askDecideAll,
		"POST /dead-letters/{verb}/all":   d.decideAll,
		"GET /deliveries/{id}":            d.delivery,
		"GET /deliveries/{id}/payload":    d.payload,
		"POST /deliveries/{id}/replay":    d.replayOne,
		"POST /deliveries/{id}/dismiss":   d.dismissOne,
		"GET /events/{id}":                d.event,
		"POST /channels/{name}/doctor":    d.doctor,
		"GET /playground":                 d.playground,
		"POST /playground":                d.played,
		"GET /playground/route":           d.playRoute,
		"POST /playground/route":          d.routePlayed,
		"GET /mutes":                      d.mutes,
		"POST /mutes":                     d.mute,
		"POST /mutes/{id}/end":            d.unmute,
		"GET /audit":                      d.audit,
		"GET /tokens":                     d.tokens,
		"POST /tokens":                    d.createToken,
		"POST /tokens/revoke":             d.revokeToken,
		"GET /plugins":                    d.plugins,
		"GET /plugins/{name}":             d.plugin,
		"GET /configuration":              d.configuration,
		"GET /configuration/file":         d.configurationFile,
		"GET /configuration/changes":      d.compare,
		"POST /configuration/reload":      d.reload,
		"/":                               func(*http.Request) (answer, error) { return nil, operator.ErrNotFound },
	}
	maps.Copy(all, d.composing())
	return all
}

// composing are the pages on which people make connectors and look after theirs.
func (d *Dashboard) composing() map[string]page {
	return map[string]page{
		"GET /connectors/new":                 d.compose,
		"POST /connectors/new":                d.composed,
		"GET /connectors/{name}/edit":         d.edit,
		"POST /connectors/{name}/edit":        d.edited,
		"GET /connectors/{name}/remove":       d.askRemove,
		"POST /connectors/{name}/remove":      d.remove,
		"POST /connectors/{name}/post":        d.post,
		"POST /connectors/{name}/take-over":   d.takeOver,
		"POST /connectors/{name}/login":       d.beginLogin,
		"GET /connectors/{name}/login":        d.login,
		"POST /connectors/{name}/login/token": d.pasteToken,
	}
}
