package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// alertmanagerVersion is the Alertmanager that is built and run, from its own module
// with the dependencies that it names itself.
const alertmanagerVersion = "v0.35.0"

// integrations are the kinds of receivers that are led to hooks, each with its settings
// beyond the address, and what they post. Where settings are missing, Alertmanager's own
// templates say it.
func integrations() map[string]integration {
	return map[string]integration{
		"slack": {"api_url", "slack", `
      title_link: '{{ .CommonAnnotations.runbook }}'
      text: '{{ .CommonAnnotations.summary }}'
      fields: [{title: severity, value: '{{ .CommonLabels.severity }}', short: true}]
      actions: [{type: button, text: Runbook, url: '{{ .CommonAnnotations.runbook }}'}]`},
		"msteams":    {"webhook_url", "card", ""},
		"msteamsv2":  {"webhook_url", "adaptive", ""},
		"mattermost": {"webhook_url", "slack", ""},
		"webhook":    {"url", "json", ""},
	}
}

type integration struct{ address, kind, more string }

const alertmanagerRelay = hooksConfig + `
connector "webhook" "webhook" {
  title  = "by webhook"
  accept = "json"
  route {
    to = [channel.teams, channel.slack]
    card {
      title = "[${upper(event.data.status)}] ${event.data.commonLabels.alertname}"
      text  = event.data.commonAnnotations.summary
      fact "severity" { value = event.data.commonLabels.severity }
      action "Runbook" { url = event.data.commonAnnotations.runbook }
    }
  }
}
`

// TestAlertmanagerTellsOfEachAlertOnceAndOfItsEnd: a real Alertmanager leads five kinds
// of receivers to hooks. Each makes one card of an alert and one of its end, and for
// Alertmanager not one request has failed; it repeats those that have.
func TestAlertmanagerTellsOfEachAlertOnceAndOfItsEnd(t *testing.T) {
	program := buildAlertmanager(t)
	c := newChats(t)
	config := strings.ReplaceAll(alertmanagerRelay, "CHATS", c.URL)
	for name := range integrations() {
		if name != "webhook" {
			config += fmt.Sprintf("connector \"webhook\" %q {\n  title = \"by %s\"\n  route { to = [channel.teams, channel.slack] }\n}\n", name, name)
		}
	}
	p := startRelay(t, writeConfig(t, config))
	a := startAlertmanager(t, program, hooksOf(p))

	a.alert("firing", time.Time{})
	all := 2 * len(integrations())
	a.eventually("all have told of the alert", func() bool { return a.counted("notification_requests_total") >= len(integrations()) })
	a.alert("resolved", time.Now())
	a.eventually("all have told of its end", func() bool { return a.counted("notification_requests_total") >= all })

	for _, failures := range []string{"notifications_failed_total", "notification_requests_failed_total"} {
		if n := a.counted(failures); n != 0 {
			t.Errorf("Alertmanager counts %d as %s\n%s", n, failures, a.log)
		}
	}
	for name, in := range integrations() {
		events, err := p.client.Events(t.Context(), store.EventFilter{Connector: name})
		if err != nil || len(events) != 2 || events[0].Kind != in.kind || events[1].Kind != in.kind {
			t.Errorf("%s: want two events of kind %s: %v, %v", name, in.kind, events, err)
		}
	}
	for _, channel := range []string{"teams", "slack"} {
		p.eventually(channel+" has all cards", func() bool { return len(c.arrived(channel)) >= all })
		for name := range integrations() {
			cards := matching(c.arrived(channel), `by `+name+`\b`)
			if len(cards) != 2 {
				t.Fatalf("%s: want 2 cards by %s: %q", channel, name, c.arrived(channel))
			}
			for i, state := range []string{"[FIRING", "[RESOLVED"} {
				says(t, fmt.Sprintf("%s: card %d by %s", channel, i+1, name), cards[i], append(alertWords(), state)...)
			}
		}
	}
	for _, fault := range c.faults {
		t.Error(fault)
	}
}

// matching returns the texts in which a pattern is found.
func matching(list []string, pattern string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return !regexp.MustCompile(pattern).MatchString(s) })
}

// alertmanager is one in a process of its own.
type alertmanager struct {
	t   *testing.T
	url string
	log *logBuffer
}

// startAlertmanager runs one whose receiver posts to all the hooks.
func startAlertmanager(t *testing.T, program string, hooks map[string]string) *alertmanager {
	t.Helper()
	var config strings.Builder
	config.WriteString("route: {receiver: relay, group_wait: 1ms, group_interval: 100ms, repeat_interval: 1h}\nreceivers:\n- name: relay\n")
	for name, in := range integrations() {
		fmt.Fprintf(&config, "  %s_configs:\n    - %s: %s\n      send_resolved: true%s\n", name, in.address, hooks[name], in.more)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := "127.0.0.1:" + freePort(t)
	a := &alertmanager{t: t, url: "http://" + listen, log: &logBuffer{}}
	cmd := exec.Command(program, "--config.file="+file, "--storage.path="+dir, "--web.listen-address="+listen, "--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr = a.log, a.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	a.eventually("Alertmanager is ready", func() bool {
		_, err := a.ask(http.MethodGet, "/-/ready", nil)
		return err == nil
	})
	return a
}

func (a *alertmanager) eventually(what string, ok func() bool) {
	a.t.Helper()
	eventually(a.t, what, ok, a.log.String)
}

// ask makes a request and returns its answer.
func (a *alertmanager) ask(method, path string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return string(answer), err
}

// alert tells of the alert, as Prometheus does; one that has an end is resolved.
func (a *alertmanager) alert(what string, end time.Time) {
	a.t.Helper()
	alert := map[string]any{
		"labels":       map[string]string{"alertname": "DiskFull", "severity": "critical", "instance": "db1:9100"},
		"annotations":  map[string]string{"summary": "The disk of db1 is full", "runbook": "https://example.com/runbook"},
		"generatorURL": "https://prometheus.example.com/graph?g0.expr=disk_free+%3D%3D+0&g0.tab=1",
	}
	if !end.IsZero() {
		alert["endsAt"] = end.UTC().Format(time.RFC3339Nano)
	}
	body, err := json.Marshal([]any{alert})
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := a.ask(http.MethodPost, "/api/v2/alerts", body); err != nil {
		a.t.Fatalf("%s: %v", what, err)
	}
}

// counted sums up a metric over all integrations.
func (a *alertmanager) counted(metric string) int {
	a.t.Helper()
	metrics, err := a.ask(http.MethodGet, "/metrics", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	sum, found := 0, regexp.MustCompile(`(?m)^alertmanager_`+metric+`\{.*\} (\d+)$`).FindAllStringSubmatch(metrics, -1)
	for _, m := range found {
		var n int
		fmt.Sscan(m[1], &n)
		sum += n
	}
	if len(found) == 0 {
		a.t.Fatalf("Alertmanager has no metric %s", metric)
	}
	return sum
}

// buildAlertmanager builds the real one. Its module lacks the files of its pages, which
// npm would make; it is given empty ones.
func buildAlertmanager(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	fetch := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/prometheus/alertmanager@"+alertmanagerVersion)
	fetch.Dir = dir
	out, err := fetch.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		t.Fatalf("fetch Alertmanager: %v\n%s", err, out)
	}
	source := filepath.Join(dir, "alertmanager")
	if err := os.CopyFS(source, os.DirFS(module.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, pages := range []string{"elm", "mantine"} {
		folder := filepath.Join(source, "ui", "app", "dist", pages)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "index.html"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program")
	build(t, source, program, "./cmd/alertmanager")
	return program
}
