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

// dashboardHandler serves the pages, the API and the metrics to whoever may see them, and
// health to everybody.
func (r *Relay) dashboardHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", r.dashboard.Handler())
	mux.Handle("GET "+picture.AlbumPath, r.album)
	mux.Handle("/api/", api.Handler(r.guard))
	mux.Handle("/metrics", metricsOf(r.metricsHandler()))
	all := http.NewServeMux()
	all.Handle("/", r.door.Handler(mux))
	all.HandleFunc("GET /healthz", alive)
	all.HandleFunc("GET /readyz", r.ready)
	return r.gate.Handler(all)
}

// ready answers whether cards are accepted. Why they are not is nothing for strangers,
// where people have to sign in.
func (r *Relay) ready(w http.ResponseWriter, req *http.Request) {
	if r.current().Config.Dashboard.Auth != nil {
		w = discreet{w}
	}
	r.desk.Ready(w, req)
}

// discreet answers with no more than a status.
type discreet struct{ http.ResponseWriter }

// Write implements [io.Writer].
func (d discreet) Write(text []byte) (int, error) { return len(text), nil }

// Unwrap lets [http.ResponseController] through.
func (d discreet) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// metricsOf serves the metrics, which tell of everything, to who sees everything.
func metricsOf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if p, ok := access.From(req.Context()); !ok || !p.SeesAll() || !p.May(access.Read) {
			http.Error(w, "The metrics are for ops and readers.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, req)
	})
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
