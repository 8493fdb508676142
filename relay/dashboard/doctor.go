package dashboard

import (
	"net/http"
	"net/url"

	"github.com/connector-relay/relay/relay/operator"
)

// doctor posts cards to a channel and shows how each was answered. To load the page again
// is to post again, and the browser asks.
func (d *Dashboard) doctor(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	found, err := d.relay.Doctor(r.Context(), name)
	page := struct {
		operator.Examination
		Problem string
	}{Examination: found}
	if page.Problem, err = problem(err); err != nil {
		return nil, err
	}
	return view{Template: "doctor.html", Title: "Doctor", Trail: []link{{"Channels", "/channels"}, {name, "/channels/" + url.PathEscape(name)}}, Page: page}, nil
}
