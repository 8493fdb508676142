package relay

import (
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator/api"
	"github.com/connector-relay/relay/relay/picture"
)

// publicHandler serves what the outside needs: the hooks, the pictures that chat systems
// fetch, and the page to which a browser returns from a sign-in.
func (r *Relay) publicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.intake.Hooks())
	mux.Handle("GET "+picture.AlbumPath, r.album)
	mux.HandleFunc("GET "+landingPath, r.signIn.Landing)
	mux.HandleFunc("GET /healthz", alive)
	return mux
}

// dashboardHandler serves the pages, the read-only API, the metrics and health, to this
// machine alone.
func (r *Relay) dashboardHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.dashboard.Handler())
	mux.Handle("GET "+picture.AlbumPath, r.album)
	mux.Handle("/api/", api.Handler(r.guard))
	mux.Handle("/metrics", r.metricsHandler())
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", r.desk.Ready)
	return r.dashboard.Guard(mux)
}

// as has somebody ask whatever is asked.
func as(p access.Person, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(w, req.WithContext(access.With(req.Context(), p)))
	})
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
