package dashboard

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/operator"
)

// The overview shows what needs a person and, of channels and connectors, those that most
// likely interest her; the rest is a search away.
const (
	mostProblems = 20
	mostRows     = 12
)

// errand is a problem and where somebody sees to it.
type errand struct {
	operator.Problem
	Do link
}

func (d *Dashboard) overview(r *http.Request) (answer, error) {
	ctx := r.Context()
	problems, err := d.relay.Problems(ctx)
	if err != nil {
		return nil, err
	}
	page := struct {
		Errands      []errand
		MoreErrands  int
		Channels     []channelRow
		Connectors   []operator.Connector
		ChannelCount int
		// ConnectorCount also counts those that the page leaves out.
		ConnectorCount int
		Empty          bool
	}{MoreErrands: max(0, len(problems)-mostProblems)}
	for _, p := range problems[:min(len(problems), mostProblems)] {
		page.Errands = append(page.Errands, errand{p, whereTo(p)})
	}
	channels, connectors := listed(ctx, d, d.relay.Channels), listed(ctx, d, d.relay.Connectors)
	page.ChannelCount, page.ConnectorCount = len(channels), len(connectors)
	byConcern(channels, laneMark)
	byConcern(connectors, healthMark)
	page.Connectors = connectors[:min(len(connectors), mostRows)]
	if page.Channels, err = d.channelRows(ctx, channels[:min(len(channels), mostRows)]); err != nil {
		return nil, err
	}
	page.Empty = !slices.ContainsFunc(page.Channels, func(c channelRow) bool { return c.Last != nil })
	return view{Template: "overview.html", Title: "Overview", Live: "*", Page: page}, nil
}

// byConcern puts first what somebody should look at.
func byConcern[T any](list []T, stands func(T) mark) {
	order := []string{bad, paused, waits, good, idle}
	slices.SortStableFunc(list, func(a, b T) int {
		return cmp.Compare(slices.Index(order, stands(a).Kind), slices.Index(order, stands(b).Kind))
	})
}

// whereTo is where a person sees to a problem.
func whereTo(p operator.Problem) link {
	sort, rest, _ := strings.Cut(p.Subject, " ")
	name, _, _ := strings.Cut(rest, " ")
	switch {
	case p.Subject == "dead letters":
		return link{"Look at them", "/dead-letters"}
	case p.Subject == "the configuration":
		return link{"See what is wrong", "/configuration"}
	case sort == "channel":
		return link{"Open the channel", "/channels/" + url.PathEscape(name)}
	case sort == "connector":
		return link{"Open the connector", "/connectors/" + url.PathEscape(name)}
	case sort == "plugin":
		return link{"See the plugin", "/plugins#" + url.PathEscape(name)}
	}
	return link{}
}

// listed returns a list, or as much of it as there is: a page without it still shows what
// is wrong.
func listed[T any](ctx context.Context, d *Dashboard, list func(context.Context) ([]T, error)) []T {
	found, err := list(ctx)
	if err != nil {
		d.options.Log.Error().Err(err).Msg("a list for a page could not be read")
	}
	return found
}
