package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// configurationPage is the configuration as it runs, and what the files would make of it
// now.
type configurationPage struct {
	operator.Status
	// Compared says that Changes have been asked for, and Wrong why there are none.
	Compared bool
	Changes  []operator.Change
	Wrong    string
	May      bool
}

func (d *Dashboard) configuration(r *http.Request) (answer, error) {
	return d.configurationView(r.Context(), false)
}

// compare shows what a reload would change.
func (d *Dashboard) compare(r *http.Request) (answer, error) {
	return d.configurationView(r.Context(), true)
}

func (d *Dashboard) configurationView(ctx context.Context, compare bool) (answer, error) {
	status, err := d.relay.Status(ctx)
	if err != nil {
		return nil, err
	}
	page := configurationPage{Status: status, Compared: compare, May: isOps(ctx, access.Configure)}
	v := view{Template: "configuration.html", Title: "Configuration"}
	if compare {
		page.Changes, err = d.relay.Plan(ctx)
		if page.Wrong, err = refused(err); err != nil {
			return nil, err
		}
		v.Trail = []link{{"Configuration", "/configuration"}}
		v.Title = "What a reload would change"
	}
	v.Page = page
	return v, nil
}

// refused separates what is wrong with a configuration from what has gone wrong.
func refused(err error) (wrong string, _ error) {
	if errors.Is(err, operator.ErrInvalid) {
		return err.Error(), nil
	}
	return "", err
}

func (d *Dashboard) reload(r *http.Request) (answer, error) {
	changes, err := d.relay.Reload(r.Context())
	if errors.Is(err, operator.ErrInvalid) {
		return d.configurationView(r.Context(), true)
	}
	if err != nil {
		return nil, err
	}
	return seeOther("/configuration", fmt.Sprintf("Reloaded: %s.", counted(len(changes), "change", "changes"))), nil
}

func changeMark(c operator.Change) mark {
	switch {
	case c.Warning != "":
		return mark{bad, c.Action}
	case c.Action == operator.Added:
		return mark{"add", c.Action}
	}
	return mark{idle, c.Action}
}
