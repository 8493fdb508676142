package relay

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/connector-relay/relay/relay/operator"
)

// readyWithin bounds the check behind /readyz.
const readyWithin = 2 * time.Second

// publicHandler is all that the outside needs: the hooks, and where a browser comes
// back to from a sign-in.
func (r *Relay) publicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/hooks/", r.intake.Hooks())
	mux.HandleFunc("GET "+landingPath, r.signIn.Landing)
	mux.HandleFunc("GET /healthz", alive)
	return mux
}

// dashboardHandler serves the pages, the read-only API, the metrics and health.
func (r *Relay) dashboardHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.dashboard.Handler())
	mux.Handle("/api/", r.dashboard.Guard(operator.Handler(r, true)))
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", r.ready)
	return mux
}

// operatorHandler is the whole API, for the socket that only this user can open.
func (r *Relay) operatorHandler() http.Handler { return operator.Handler(r, false) }

// alive says that the process answers.
func alive(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }

// ready says whether cards can be accepted: whether the store can be written.
func (r *Relay) ready(w http.ResponseWriter, req *http.Request) {
	ctx, cancel := context.WithTimeout(req.Context(), readyWithin)
	defer cancel()
	if err := r.store.Ping(ctx); err != nil {
		r.log.Warn().Err(err).Msg("the store does not answer")
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
