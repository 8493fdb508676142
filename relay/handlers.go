package relay

import (
	"context"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/api"
)

// publicHandler serves what the outside needs: the hooks, and the page to which a browser
// returns from a sign-in.
func (r *Relay) publicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.intake.Hooks())
	mux.HandleFunc("GET "+landingPath, r.signIn.Landing)
	mux.HandleFunc("GET /healthz", alive)
	return mux
}

// dashboardHandler serves the pages, the read-only API, the metrics and health, to this
// machine alone.
func (r *Relay) dashboardHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.dashboard.Handler())
	mux.Handle("/api/", as(access.Person{Role: access.Reader, Via: "loopback", Scopes: []access.Scope{access.Read}}, api.Handler(withoutHooks{r.desk})))
	mux.Handle("/metrics", r.metricsHandler())
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", r.desk.Ready)
	return r.dashboard.Guard(mux)
}

// as lets somebody ask.
func as(p access.Person, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(w, req.WithContext(access.With(req.Context(), p)))
	})
}

// withoutHooks is a relay that reveals no hook URLs, because whoever has one can post.
type withoutHooks struct{ operator.Relay }

// Connectors implements [operator.Relay].
func (h withoutHooks) Connectors(ctx context.Context) ([]operator.Connector, error) {
	list, err := h.Relay.Connectors(ctx)
	for i := range list {
		list[i].HookURL = ""
		if f := list[i].FormerHook; f != nil {
			f.URL = ""
		}
	}
	return list, err
}

// metricsHandler serves only the metrics, so that a Prometheus elsewhere can read them.
func (r *Relay) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{MaxRequestsInFlight: mostScrapes}))
	mux.HandleFunc("GET /healthz", alive)
	return mux
}

// mostScrapes is how many scrapes may run at once, because each one queries the store.
const mostScrapes = 4

// alive answers that the process is alive.
func alive(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }
