package dashboard

import (
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
)

func (d *Dashboard) connectors(r *http.Request) (answer, error) {
	page := struct{ Connectors []operator.Connector }{listed(r.Context(), d, d.relay.Connectors)}
	return view{Template: "connectors.html", Title: "Connectors", Live: "*", Page: page}, nil
}
