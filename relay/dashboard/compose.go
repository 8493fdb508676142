package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
)

// What the buttons of a connector's form say; any other has it checked and shown.
const (
	doTry  = "try"
	doSave = "save"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// compose begins a new connector of the type in the query, or shows what types there are.
func (d *Dashboard) compose(r *http.Request) (answer, error) {
	typ := r.URL.Query().Get("type")
	if typ == "" {
		return d.gallery(r)
	}
	if !adds(r.Context()) {
		return nil, fmt.Errorf("%w: only members of a team and ops add connectors", operator.ErrForbidden)
	}
	t, err := d.findType(r.Context(), typ)
	if err != nil {
		return nil, err
	}
	filled := form.Filled{Type: typ, Arguments: make(map[string]string)}
	if slices.ContainsFunc(t.Fields, func(a form.Field) bool { return a.Name == initialArgument }) {
		filled.Arguments[initialArgument] = initially
	}
	c, err := d.composer(r.Context(), t, filled)
	if err != nil {
		return nil, err
	}
	return c.view(r.Context()), nil
}

// composed takes what was posted of a new connector.
func (d *Dashboard) composed(r *http.Request) (answer, error) {
	t, err := d.findType(r.Context(), r.URL.Query().Get("type"))
	if err != nil {
		return nil, err
	}
	return d.take(r, t, form.Filled{Type: t.Type})
}

// take does what a button of the form says. Whatever was typed comes back on the page;
// nothing is kept but by doSave. Before is the connector as it is saved, if it is.
func (d *Dashboard) take(r *http.Request, t operator.ConnectorType, before form.Filled) (answer, error) {
	ctx := r.Context()
	filled, carried, mistakes, err := d.readFilled(r, t, before)
	if err != nil {
		return nil, err
	}
	draft := operator.Draft{Filled: &filled, Revision: filled.Revision}
	var drafted operator.Drafted
	var found *operator.Trial
	do := r.PostForm.Get("do")
	if len(mistakes) == 0 && do == doTry {
		tried, err := d.relay.TryConnector(ctx, draft)
		if mistakes, err = mistaken(err); err != nil {
			return nil, err
		}
		found = &tried
	}
	// A trial needs no name, and what has none yet is not ready to be saved.
	if len(mistakes) == 0 && (do != doTry || filled.Name != "") {
		if drafted, err = d.relay.Draft(ctx, draft); err != nil {
			if mistakes, err = mistaken(err); err != nil {
				return nil, err
			}
		}
		mistakes = append(mistakes, drafted.Mistakes...)
	}
	// Only what somebody has read is saved.
	if len(mistakes) == 0 && do == doSave && r.PostForm.Get("reviewed") == digest(drafted.HCL) {
		saved, err := d.relay.Save(ctx, draft)
		if err == nil {
			return toConnector(saved.Name, "Saved. The connector is running."), nil
		}
		if mistakes, err = mistaken(err); err != nil {
			return nil, err
		}
	}
	c, err := d.composer(ctx, t, filled)
	if err != nil {
		return nil, err
	}
	c.Carried = carried
	c.show(mistakes, drafted, found)
	if found != nil && len(found.Events) > 0 {
		if c.Formats, err = d.formats(ctx, c.Choices, *found); err != nil {
			return nil, err
		}
	}
	return c.view(r.Context()), nil
}

// mostTried is how many cards of a trial show before the others are folded away.
const mostTried = 3

// formats shows a card of a trial, the newest that was found or the first sample, as each
// type among the chosen channels gets it. An inbox shows the card as it is.
func (d *Dashboard) formats(ctx context.Context, channels []channelChoice, t operator.Trial) (list []operator.Preview, err error) {
	one := t.Events[0]
	if !t.Samples {
		one = t.Events[len(t.Events)-1]
	}
	shown := map[string]bool{"inbox": true}
	for _, ch := range channels {
		if !ch.Chosen || shown[ch.Type] {
			continue
		}
		shown[ch.Type] = true
		p, err := d.relay.Preview(ctx, operator.Paste{Body: string(one.Card), ChannelType: ch.Type})
		if err != nil {
			return nil, err
		}
		list = append(list, p.Previews...)
	}
	return list, nil
}

// mistaken returns the mistakes of an error that is about what was filled in, and any
// other error.
func mistaken(err error) ([]form.Mistake, error) {
	if m, ok := errors.AsType[*operator.MistakenError](err); ok {
		return m.Mistakes, nil
	}
	if errors.Is(err, operator.ErrConflict) {
		return []form.Mistake{{Message: "Somebody else has saved this connector since you opened it. Open it again in another window, and carry over what you changed."}}, nil
	}
	return nil, err
}

// edit shows a saved connector's form, or its HCL where a form cannot say it.
func (d *Dashboard) edit(r *http.Request) (answer, error) {
	b, t, err := d.editable(r)
	if err != nil {
		return nil, err
	}
	if b.Filled == nil {
		return d.hclView(b, b.HCL, nil), nil
	}
	c, err := d.composer(r.Context(), t, *b.Filled)
	if err != nil {
		return nil, err
	}
	c.Aside = b.Problem
	return c.view(r.Context()), nil
}

// edited takes what was posted of a saved connector.
func (d *Dashboard) edited(r *http.Request) (answer, error) {
	b, t, err := d.editable(r)
	if err != nil {
		return nil, err
	}
	if b.Filled == nil {
		return d.takeHCL(r, b)
	}
	return d.take(r, t, *b.Filled)
}

// editable returns the saved connector in the path and its type.
func (d *Dashboard) editable(r *http.Request) (b operator.Block, t operator.ConnectorType, err error) {
	if b, err = d.changeable(r.Context(), r.PathValue("name")); err == nil {
		t, err = d.findType(r.Context(), b.Type)
	}
	return b, t, err
}

// hclPage is a saved connector that is edited as HCL.
type hclPage struct {
	operator.Block
	Field    field
	Mistakes []form.Mistake
	Revision int64
}

func (d *Dashboard) hclView(b operator.Block, text string, mistakes []form.Mistake) view {
	page := hclPage{Block: b, Mistakes: mistakes, Revision: b.Revision, Field: field{Name: "hcl", Label: "The block", Kind: "area", Rows: 24, Value: text, Required: true}}
	return view{Template: "edit-hcl.html", Title: "Edit", Trail: trailTo(b.Name), Page: page}
}

// takeHCL checks or saves a connector's HCL.
func (d *Dashboard) takeHCL(r *http.Request, b operator.Block) (answer, error) {
	text := r.PostForm.Get("hcl")
	draft := operator.Draft{HCL: text, Revision: revisionOf(r)}
	saved, err := d.relay.Save(r.Context(), draft)
	if err == nil {
		return toConnector(saved.Name, "Saved. The connector is running."), nil
	}
	mistakes, err := mistaken(err)
	if err != nil {
		return nil, err
	}
	v := d.hclView(b, text, mistakes)
	v.Status = http.StatusUnprocessableEntity
	return v, nil
}

// trailTo leads to a connector's page.
func trailTo(connector string) []link {
	return []link{{"Connectors", "/connectors"}, {connector, "/connectors/" + url.PathEscape(connector)}}
}
