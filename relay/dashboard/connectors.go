package dashboard

import (
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
)

func (d *Dashboard) connectors(r *http.Request) (answer, error) {
	page := sift(listed(r.Context(), d, d.relay.Connectors), r.URL.Query(), func(c operator.Connector) ([]string, mark) {
		return []string{c.Name, c.Type, c.Problem, c.Note}, healthMark(c)
	})
	return view{Template: "connectors.html", Title: "Connectors", Live: "*", Page: page}, nil
}
