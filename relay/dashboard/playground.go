package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// sampleBody is what the playground begins with.
const sampleBody = `{
  "@type": "MessageCard",
  "@context": "https://schema.org/extensions",
  "title": "Release 1.0",
  "themeColor": "2DA44E",
  "text": "It is **out**.",
  "sections": [{ "facts": [{ "name": "Tag", "value": "v1.0" }] }],
  "potentialAction": [{
    "@type": "OpenUri", "name": "Notes",
    "targets": [{ "os": "default", "uri": "https://example.com/notes" }]
  }]
}`

// sampleRoute is the route that the playground begins with, to a channel that there is.
func sampleRoute(channels []operator.Channel) string {
	to := ""
	if len(channels) > 0 {
		to = "channel." + channels[0].Name
	}
	return "route {\n  when = event.card.title != \"\"\n  to   = [" + to + "]\n  card {\n    title = \"New: ${event.card.title}\"\n  }\n}\n"
}

// playPage shows what somebody tries out, and what it comes to.
type playPage struct {
	// Body or Sample, a type and a kind, is shown in every format.
	Body    string
	Sample  string
	Samples []operator.ConnectorType
	Pasted  *operator.Pasted
	// Problem is why there is nothing to show.
	Problem string
}

func (d *Dashboard) playground(r *http.Request) (answer, error) {
	return d.play(r.Context(), playPage{Body: sampleBody})
}

func (d *Dashboard) played(r *http.Request) (answer, error) {
	return d.play(r.Context(), playPage{Body: r.PostForm.Get("body"), Sample: r.PostForm.Get("sample")})
}

// play shows a page with what its body or its sample comes to.
func (d *Dashboard) play(ctx context.Context, page playPage) (answer, error) {
	v := view{Template: "playground.html", Title: "Playground"}
	types, err := d.relay.Types(ctx)
	if err != nil {
		return nil, err
	}
	page.Samples = types
	paste := operator.Paste{Body: page.Body}
	if page.Sample != "" {
		paste.Body = ""
		paste.Type, paste.Kind, _ = strings.Cut(page.Sample, " ")
	}
	pasted, err := d.relay.Preview(ctx, paste)
	if page.Problem, err = problem(err); err != nil {
		return nil, err
	}
	if page.Problem == "" {
		page.Pasted = &pasted
	}
	v.Page = page
	return v, nil
}

// problem separates what somebody can mend, as words to show, from what she cannot.
func problem(err error) (words string, _ error) {
	for _, meaning := range []error{operator.ErrInvalid, operator.ErrNotFound, operator.ErrBusy} {
		if errors.Is(err, meaning) {
			return err.Error(), nil
		}
	}
	return "", err
}

// routePage shows a route that somebody edits, and how it takes events.
type routePage struct {
	Connector, Route string
	Connectors       []operator.Connector
	Trial            *operator.RouteTrial
	Problem          string
}

func (d *Dashboard) playRoute(r *http.Request) (answer, error) {
	channels, err := d.relay.Channels(r.Context())
	if err != nil {
		return nil, err
	}
	return d.tryRoute(r.Context(), routePage{Connector: r.URL.Query().Get("connector"), Route: sampleRoute(channels)})
}

func (d *Dashboard) routePlayed(r *http.Request) (answer, error) {
	return d.tryRoute(r.Context(), routePage{Connector: r.PostForm.Get("connector"), Route: r.PostForm.Get("route")})
}

func (d *Dashboard) tryRoute(ctx context.Context, page routePage) (answer, error) {
	all, err := d.relay.Connectors(ctx)
	if err != nil {
		return nil, err
	}
	page.Connectors = slices.DeleteFunc(all, func(c operator.Connector) bool {
		return !managesConnector(ctx, c, access.Operate) || c.Health == "removed"
	})
	if page.Connector == "" && len(page.Connectors) > 0 {
		page.Connector = page.Connectors[0].Name
	}
	if page.Connector != "" {
		trial, err := d.relay.TryRoute(ctx, operator.RouteDraft{Connector: page.Connector, Route: page.Route})
		if page.Problem, err = problem(err); err != nil {
			return nil, err
		}
		if page.Problem == "" {
			page.Trial = &trial
		}
	}
	return view{Template: "playground-route.html", Title: "Playground: a route", Page: page}, nil
}

// bodyText is a body as people read it: JSON that does not escape what need not be.
func bodyText(body any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(body); err != nil {
		return err.Error()
	}
	return b.String()
}
