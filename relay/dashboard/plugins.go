package dashboard

import (
	"fmt"
	"net/http"

	"github.com/connector-relay/relay/relay/operator"
)

func (d *Dashboard) plugins(r *http.Request) (answer, error) {
	list, err := d.relay.Plugins(r.Context())
	page := struct{ Plugins []operator.Plugin }{list}
	return view{Template: "plugins.html", Title: "Plugins", Live: "*", Page: page}, err
}

func (d *Dashboard) plugin(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	p, err := find(r.Context(), d.relay.Plugins, "plugin", name, func(p operator.Plugin) string { return p.Name })
	if err != nil {
		return nil, err
	}
	log, err := d.relay.PluginLog(r.Context(), name)
	page := struct {
		operator.Plugin
		Log []operator.LogLine
	}{p, log}
	return view{Template: "plugin.html", Title: name, Trail: []link{{"Plugins", "/plugins"}}, Live: "*", Page: page}, err
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

// size is a number of bytes in words.
func size(bytes int64) string {
	const unit = 1 << 10
	switch {
	case bytes < unit:
		return counted(int(bytes), "byte", "bytes")
	case bytes < unit*unit:
		return fmt.Sprintf("%d KB", bytes/unit)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/unit/unit)
}
