package relay

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/store/storetest"
)

// view is what the relay says of itself in each place.
type view struct {
	problems string
	ready    int
	why      string
	metrics  string
	page     string
}

func look(t *testing.T, r *Relay) view {
	t.Helper()
	s, err := r.desk.Status(t.Context())
	if err != nil {
		t.Fatalf("the status fails: %v", err)
	}
	v := view{problems: strings.Join(s.Problems, "\n")}
	get := func(path string) (int, string) {
		resp, err := http.Get("http://" + s.Dashboard + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	v.ready, v.why = get("/readyz")
	_, v.metrics = get("/metrics")
	_, v.page = get("/")
	return v
}

// agrees fails unless all places say the same: that this is wrong and whether cards are
// accepted, or, with no text, that all is well.
func (v view) agrees(t *testing.T, text string, ready bool) {
	t.Helper()
	if !strings.Contains(v.problems, text) || (text == "") != (v.problems == "") {
		t.Errorf("the status has %q, without %q", v.problems, text)
	}
	if (v.ready == http.StatusOK) != ready || !ready && !strings.Contains(v.why, text) {
		t.Errorf("/readyz answers %d %s", v.ready, v.why)
	}
	if well := strings.Contains(v.metrics, "\nrelay_problems 0\n"); well != (text == "") {
		t.Errorf("the metrics say that all is well: %t", well)
	}
	if !strings.Contains(v.metrics, "\nrelay_ready 1\n") == ready {
		t.Errorf("the metrics do not say that cards are accepted: %t", ready)
	}
	if shown := strings.Contains(v.page, "Needs attention"); shown != (text != "") {
		t.Errorf("the page shows what is wrong: %t", shown)
	}
}

func TestAllPlacesSayTheSameOfWhatIsWrong(t *testing.T) {
	r, f, rewrite := running(t, before, nil)
	look(t, r).agrees(t, "", true)

	f.Inject(storetest.Fail(errFaulty, "Ping"))
	look(t, r).agrees(t, "no card is accepted: no room on the disk", false)
	f.Inject(nil)

	f.Inject(storetest.Fail(errFaulty, "DeadLetters"))
	look(t, r).agrees(t, "the store cannot be read", true)
	f.Inject(nil)

	rewrite("channel {")
	if _, err := r.Reload(t.Context()); err == nil {
		t.Fatal("a bad file was read")
	}
	v := look(t, r)
	v.agrees(t, "the previous configuration stays in force", true)
	if !strings.Contains(v.metrics, "\nrelay_config_last_reload_successful 0\n") {
		t.Error("the metrics do not tell of the reload")
	}
	rewrite(before)
	if _, err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	v = look(t, r)
	v.agrees(t, "", true)
	for _, want := range []string{
		`relay_build_info{go_version="go`, `version="test"} 1`, "relay_config_last_reload_successful 1", `relay_dead_letters{channel="dev"} 0`,
		`relay_connector_health{connector="ci",health="ok"} 1`, `relay_plugin_running{plugin="webhook"} 1`,
	} {
		if !strings.Contains(v.metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestARelayWhoseHooksHaveNoPluginIsNotReady kills the plugin until it is not started
// again at once.
func TestARelayWhoseHooksHaveNoPluginIsNotReady(t *testing.T) {
	r, _, _ := running(t, before, nil)
	soon(t, "the plugin is not started again", func() bool {
		p := r.host.Status()[0]
		if p.Running {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
		}
		return time.Until(p.Restart) > time.Second
	})
	look(t, r).agrees(t, "the hooks of plugin webhook accept nothing: it ended (signal: killed)", false)
}

// TestOnlyThisMachineIsAnswered: a web page elsewhere that points a name of its own at
// the dashboard's listener learns nothing, whatever it asks for.
func TestOnlyThisMachineIsAnswered(t *testing.T) {
	r, _, _ := running(t, before, nil)
	for _, path := range []string{"/", "/api/v1/status", "/metrics", "/readyz", "/healthz", "/none"} {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Host = "evil.example:8081"
		w := httptest.NewRecorder()
		r.dashboardHandler().ServeHTTP(w, req)
		if w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s for another host: %d", path, w.Code)
		}
	}
}

// TestMetricsHaveAListenerOfTheirOwn, which serves a Prometheus elsewhere by whatever
// name it knows the relay, and nothing else. It comes and goes with a reload.
func TestMetricsHaveAListenerOfTheirOwn(t *testing.T) {
	r, _, rewrite := running(t, before, nil)
	reload := func(text string) string {
		rewrite(text)
		if _, err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r.listeners.Address("metrics")
	}
	address := reload(before + "metrics { listen = \"127.0.0.1:0\" }\n")
	for path, want := range map[string]int{"/metrics": 200, "/healthz": 200, "/": 404, "/api/v1/status": 404, "/readyz": 404} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "relay.internal.example:9090"
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if left := reload(before); left != "" {
		t.Errorf("it still listens on %s", left)
	}
	soon(t, "the address is free", func() bool {
		n, err := net.Listen("tcp", address)
		if err == nil {
			n.Close()
		}
		return err == nil
	})
}
