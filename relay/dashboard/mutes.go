package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// mutesPage lists what is muted, with the form for one more.
type mutesPage struct {
	Mutes                                  []operator.Mute
	Sort, Name, Condition, For, Until, Why field
	// Manages says that she may mute something.
	Manages bool
	// Open unfolds the form.
	Open bool
}

func (d *Dashboard) mutes(r *http.Request) (answer, error) {
	return d.mutesView(r.Context(), r.URL.Query(), nil)
}

// mutesOf are the mutes of a channel or a connector.
func (d *Dashboard) mutesOf(ctx context.Context, sort, name string) ([]operator.Mute, error) {
	all, err := d.relay.Mutes(ctx)
	return slices.DeleteFunc(all, func(m operator.Mute) bool {
		of := m.Sort == sort || m.Sort == "condition" && sort == "connector"
		return !of || m.Name != name
	}), err
}

// mutesView shows the form as it was filled in, with what is wrong with it by field.
func (d *Dashboard) mutesView(ctx context.Context, filled url.Values, problems map[string]string) (answer, error) {
	list, err := d.relay.Mutes(ctx)
	if err != nil {
		return nil, err
	}
	me, _ := access.From(ctx)
	page := mutesPage{
		Mutes: list, Manages: me.May(access.Operate) && (me.Role == access.Ops || len(me.Teams) > 0), Open: filled.Has("sort"),
		Sort: field{Name: "sort", Label: "What", Kind: "choice", Required: true, Options: []option{
			{"connector", "a connector"}, {"channel", "a channel"}, {"condition", "events that meet a condition"},
		}},
		Name:      field{Name: "name", Label: "Its name", Doc: "Of the connector or channel. A condition without a name is for all connectors.", Kind: "text"},
		Condition: field{Name: "condition", Label: "Condition", Doc: "Only when you mute by a condition: an expression over event, as in a route's when.", Kind: "text", Example: `event.kind == "push"`},
		For: field{Name: "for", Label: "For", Kind: "choice", Required: true, Options: []option{
			{"1h", "an hour"}, {"4h", "four hours"}, {"24h", "a day"}, {"168h", "a week"}, {"", "until the time below"},
		}},
		Until: field{Name: "until", Label: "Until", Doc: "In the relay's time zone, where it is " + d.options.Now().Format("15:04 MST") + " now.", Kind: "datetime-local"},
		Why:   field{Name: "reason", Label: "Why", Doc: "Everybody sees it beside what is muted.", Kind: "text"},
	}
	for _, f := range []*field{&page.Sort, &page.Name, &page.Condition, &page.For, &page.Until, &page.Why} {
		f.Value, f.Problem = filled.Get(f.Name), problems[f.Name]
	}
	if !filled.Has("for") {
		page.For.Value = "1h"
	}
	v := view{Template: "mutes.html", Title: "Mutes", Live: "*", Page: page}
	if len(problems) > 0 {
		v.Status, v.Live = http.StatusUnprocessableEntity, ""
	}
	return v, nil
}

func (d *Dashboard) mute(r *http.Request) (answer, error) {
	m := operator.Mute{Sort: r.PostForm.Get("sort"), Name: r.PostForm.Get("name"), Condition: r.PostForm.Get("condition"), Reason: r.PostForm.Get("reason")}
	var err error
	if m.Until, err = d.until(r.PostForm); err != nil {
		return d.mutesView(r.Context(), r.PostForm, map[string]string{"until": err.Error()})
	}
	made, err := d.relay.Mute(r.Context(), m)
	switch {
	case errors.Is(err, operator.ErrNotFound):
		return d.mutesView(r.Context(), r.PostForm, map[string]string{"name": err.Error()})
	case errors.Is(err, operator.ErrInvalid) && m.Sort == "condition":
		return d.mutesView(r.Context(), r.PostForm, map[string]string{"condition": detail(err, operator.ErrInvalid)})
	case errors.Is(err, operator.ErrInvalid):
		return d.mutesView(r.Context(), r.PostForm, map[string]string{"sort": detail(err, operator.ErrInvalid)})
	case err != nil:
		return nil, err
	}
	return seeOther("/mutes", fmt.Sprintf("Muted: %s. It ends by itself %s.", made.What, ago(d.options.Now(), made.Until))), nil
}

// until reads how long a mute lasts, as a span or as a time.
func (d *Dashboard) until(form url.Values) (time.Time, error) {
	now := d.options.Now()
	if span, err := time.ParseDuration(form.Get("for")); err == nil {
		return now.Add(span), nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", form.Get("until"), now.Location())
	if err != nil {
		return t, errors.New("say until when, as a date and a time")
	}
	return t, nil
}

func (d *Dashboard) unmute(r *http.Request) (answer, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("mute %s: %w", r.PathValue("id"), operator.ErrNotFound)
	}
	return seeOther("/mutes", "The mute has ended. What it kept back is not delivered later."), d.relay.Unmute(r.Context(), id)
}
