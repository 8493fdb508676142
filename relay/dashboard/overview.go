package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// The overview shows what needs a person and, of channels and connectors, those that most
// likely interest her; the rest is a search away.
const (
	mostProblems = 20
	mostRows     = 12
)

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
		Connectors   []connectorRow
		ChannelCount int
		// ConnectorCount also counts those that the page leaves out.
		ConnectorCount int
		Empty          bool
		// Adds says that she may add a connector.
		Adds bool
		// Configures says that she may write the files and works where they are.
		Configures bool
	}{MoreErrands: max(0, len(problems)-mostProblems), Adds: adds(ctx), Configures: isOps(ctx, access.Configure)}
	channels, connectors := listed(ctx, d, d.relay.Channels), listed(ctx, d, d.relay.Connectors)
	page.Errands = errands(problems, channels, connectors)[:min(len(problems), mostProblems)]
	page.ChannelCount, page.ConnectorCount = len(channels), len(connectors)
	byConcern(channels, laneMark)
	byConcern(connectors, healthMark)
	if page.Connectors, err = d.connectorRows(ctx, connectors[:min(len(connectors), mostRows)]); err != nil {
		return nil, err
	}
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

// listed returns a list, or as much of it as there is: a page without it still shows what
// is wrong.
func listed[T any](ctx context.Context, d *Dashboard, list func(context.Context) ([]T, error)) []T {
	found, err := list(ctx)
	if err != nil {
		d.options.Log.Error().Err(err).Msg("a list for a page could not be read")
	}
	return found
}

// find returns the one of a list that has a name. The sort says what it is.
func find[T any](ctx context.Context, list func(context.Context) ([]T, error), sort, name string, nameOf func(T) string) (T, error) {
	all, err := list(ctx)
	if i := slices.IndexFunc(all, func(one T) bool { return nameOf(one) == name }); i >= 0 {
		return all[i], nil
	}
	if err == nil {
		err = fmt.Errorf("%s %s: %w", sort, name, operator.ErrNotFound)
	}
	var none T
	return none, err
}
