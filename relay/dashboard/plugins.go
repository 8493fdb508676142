package dashboard

import (
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
)

func (d *Dashboard) plugins(r *http.Request) (answer, error) {
	list, err := d.relay.Plugins(r.Context())
	page := struct{ Plugins []operator.Plugin }{list}
	return view{Template: "plugins.html", Title: "Plugins", Live: "*", Page: page}, err
}

func pluginMark(p operator.Plugin) mark {
	switch {
	case p.Running && p.Problem == "":
		return mark{good, "running"}
	case p.Problem == "":
		return mark{waits, "starting"}
	}
	return mark{bad, "failing"}
}
