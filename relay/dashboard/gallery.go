package dashboard

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// shelf is a group of connector types in the gallery.
type shelf struct {
	Title string
	Types []shelved
	// Found counts those that a search has found.
	Found int
}

// shelved is a connector type as people see it in the gallery.
type shelved struct {
	operator.ConnectorType
	// How says how its events come.
	How string
	// Picture is where its icon is; without one, Monogram stands for it.
	Picture, Monogram string
	// Hidden says that a search is for something else.
	Hidden bool
}

// gallery shows the connector types that can be added, or the form of the one in the query.
func (d *Dashboard) gallery(r *http.Request) (answer, error) {
	types, err := d.relay.Types(r.Context())
	if err != nil {
		return nil, err
	}
	search := strings.TrimSpace(r.URL.Query().Get("search"))
	page := struct {
		Search  string
		Shelves []shelf
		// Found counts what is shown. Adds says that she may add a connector.
		Found int
		Adds  bool
	}{Search: search, Adds: adds(r.Context()), Shelves: []shelf{{Title: "For your own applications"}, {Title: "Services and feeds"}}}
	for _, t := range types {
		one, on := d.shelve(t), &page.Shelves[0]
		if t.Polls {
			on = &page.Shelves[1]
		}
		if one.Hidden = !mentions([]string{t.Type, t.Title, t.Summary, one.How}, search); !one.Hidden {
			on.Found++
			page.Found++
		}
		on.Types = append(on.Types, one)
	}
	return view{Template: "gallery.html", Title: "Add a connector", Trail: []link{{"Connectors", "/connectors"}}, Page: page}, nil
}

// adds reports whether somebody may add connectors; package guard decides whether one is.
func adds(ctx context.Context) bool {
	me, ok := access.From(ctx)
	return ok && me.May(access.Configure) && (me.Role == access.Ops || len(me.Teams) > 0)
}

func (d *Dashboard) shelve(t operator.ConnectorType) shelved {
	s := shelved{ConnectorType: t, Monogram: monogram(t.Title)}
	every := strings.TrimPrefix(t.Schedule, "@every ")
	switch {
	case t.Polls && t.Receives:
		s.How = "pushed, or polled every " + every
	case t.Polls:
		s.How = "polled every " + every
	default:
		s.How = "pushed to a URL of its own"
	}
	if t.Polls && every == t.Schedule {
		s.How = strings.TrimSuffix(s.How, " every "+every)
	}
	switch {
	case len(t.Icon) == 0:
	case isVector(t.Icon):
		s.Picture = "/icons/" + url.PathEscape(t.Type) + "?" + digest(string(t.Icon))[:12]
	default:
		s.Picture = d.options.Pictures.Address("data:image/png;base64," + base64.StdEncoding.EncodeToString(t.Icon))
	}
	return s
}

func isVector(icon []byte) bool { return bytes.Contains(icon, []byte("<svg")) }

// monogram stands for a type without an icon.
func monogram(title string) string {
	first, _ := utf8.DecodeRuneInString(title)
	return strings.ToUpper(string(first))
}

// icon serves a type's icon where that is an SVG, which as a picture runs nothing; opened by
// itself it is kept from running anything.
func (d *Dashboard) icon(w http.ResponseWriter, r *http.Request) {
	types, err := d.relay.Types(r.Context())
	if err != nil {
		d.failed(err).write(d, w, r)
		return
	}
	i := slices.IndexFunc(types, func(t operator.ConnectorType) bool { return t.Type == r.PathValue("type") && isVector(t.Icon) })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", "private, max-age=86400")
	_, _ = w.Write(types[i].Icon)
}

func (d *Dashboard) findType(ctx context.Context, name string) (operator.ConnectorType, error) {
	return find(ctx, d.relay.Types, "connector type", name, func(t operator.ConnectorType) string { return t.Type })
}
