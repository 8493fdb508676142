package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/connector-relay/relay/relay/operator"
)

// decision is what a person decides on dead letters.
type decision struct {
	do func(context.Context, operator.Selection) ([]int64, error)
	// verb is what a button says, and one and many what it came to.
	verb, one, many, warning string
	loses                    bool
}

func (d *Dashboard) decision(verb string) (decision, bool) {
	switch verb {
	case "replay":
		return decision{d.relay.Replay, "Replay", "card waits again", "cards wait again", "They wait again at their old places, before what has come since, and go out in that order.", false}, true
	case "dismiss":
		return decision{d.relay.Dismiss, "Dismiss", "dead letter is dismissed", "dead letters are dismissed", "They will not be delivered, unless somebody replays them before their retention time is over.", true}, true
	}
	return decision{}, false
}

// chosen are the deliveries whose boxes are ticked.
func chosen(form url.Values) (ids []int64) {
	for _, text := range form["id"] {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// decideChosen changes the dead letters that are ticked, and leads back to the rest.
func (d *Dashboard) decideChosen(r *http.Request) (answer, error) {
	what, ok := d.decision(r.PathValue("verb"))
	if !ok {
		return nil, operator.ErrNotFound
	}
	ids := chosen(r.PostForm)
	if len(ids) == 0 {
		return d.deliveriesView(r.Context(), r.URL.Query(), true, "Nothing was selected: tick the cards first.")
	}
	changed, err := what.do(r.Context(), operator.Selection{Deliveries: ids})
	return seeOther("/dead-letters"+with(r.URL.Query(), "before", ""), counted(len(changed), what.one, what.many)+"."), err
}

// askDecideAll says how many dead letters match before all of them are changed.
func (d *Dashboard) askDecideAll(r *http.Request) (answer, error) {
	what, ok := d.decision(r.PathValue("verb"))
	if !ok {
		return nil, operator.ErrNotFound
	}
	asked := r.URL.Query()
	f := d.deliveryFilter(asked, true)
	n, err := d.relay.Count(r.Context(), f)
	if err != nil {
		return nil, err
	}
	back := "/dead-letters" + with(asked, "before", "")
	if n.Count == 0 {
		return turnBack(back, "No dead letter matches any longer."), nil
	}
	c := confirmation{
		Question: fmt.Sprintf("%s %s?", what.verb, counted(n.Count, "dead letter", "dead letters")), Warning: what.warning, Loses: what.loses, Do: what.verb + " all of them",
		To: r.URL.Path, Back: back, Fields: []pair{{"expected", strconv.Itoa(n.Count)}},
	}
	if n.More {
		c.Warning = "There are more than can be changed at once: these are the newest. " + c.Warning
	}
	if !f.Since.IsZero() {
		c.Fields = append(c.Fields, pair{"since", f.Since.Format(time.RFC3339Nano)})
	}
	for _, name := range []string{"text", "channel", "connector", "kind", "within"} {
		if value := asked.Get(name); value != "" {
			c.Fields, c.Facts = append(c.Fields, pair{name, value}), append(c.Facts, pair{name, value})
		}
	}
	return c.view([]link{{"Dead letters", back}}), nil
}

// decideAll changes all dead letters that match, if they are as many as she was told.
func (d *Dashboard) decideAll(r *http.Request) (answer, error) {
	what, ok := d.decision(r.PathValue("verb"))
	form := r.PostForm
	expected, err := strconv.Atoi(form.Get("expected"))
	if !ok || err != nil {
		return nil, operator.ErrNotFound
	}
	s := operator.Selection{All: true, Expected: expected, Text: form.Get("text"), Channel: form.Get("channel"), Connector: form.Get("connector"), Kind: form.Get("kind")}
	if since := form.Get("since"); since != "" {
		if s.Since, err = time.Parse(time.RFC3339Nano, since); err != nil {
			return nil, fmt.Errorf("%w: since is not a time", operator.ErrInvalid)
		}
	}
	changed, err := what.do(r.Context(), s)
	if errors.Is(err, operator.ErrConflict) {
		form.Del("expected")
		form.Del("since")
		return turnBack(r.URL.Path+"?"+form.Encode(), "Nothing was changed: a different number matches now. Check again."), nil
	}
	return seeOther("/dead-letters", counted(len(changed), what.one, what.many)+"."), err
}
