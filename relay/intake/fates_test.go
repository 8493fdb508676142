package intake

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/pluginhost"
	"github.com/connector-relay/relay/relay/store"
)

// keyless answers each request with so many events that have no keys, and with what
// its body asks for otherwise.
func keyless(n int) *plugins {
	return &plugins{receive: func(_ context.Context, _ pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
		reply := pluginhost.Reply{Body: []byte("1"), Header: http.Header{"Relay-Event": {"4711"}}}
		if string(r.Body) == "bad" {
			reply.Status, reply.Body = http.StatusBadRequest, []byte("That is no JSON, and hush is a secret.\nAt all.")
			return reply, nil
		}
		for range n {
			reply.Events = append(reply.Events, newEvent(""))
		}
		return reply, nil
	}}
}

// post posts with headers, in pairs.
func post(i *Intake, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", strings.NewReader(body))
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	i.Hooks().ServeHTTP(w, r)
	return w
}

func TestAnAnswerAndTheLogNameTheEvents(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "1", 3: "1, 2, 3", 30: "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20"} {
		var log bytes.Buffer
		o := options(newMemory(), keyless(n))
		o.Log = zerolog.New(&log)
		i := start(t, o, receiving(t, "ci"))
		w := post(i, "x")
		if got := w.Header().Get("Relay-Event"); got != want {
			t.Errorf("%d events: the answer names %q", n, got)
		}
		if line := `"events":[` + strings.ReplaceAll(want, " ", "") + "]"; n > 0 && !strings.Contains(log.String(), line) {
			t.Errorf("%d events: the log is %s", n, log.String())
		}
	}
}

func TestARepeatIsTheSameEventAndAnotherBodyIsRefused(t *testing.T) {
	m := newMemory()
	i := start(t, options(m, keyless(2)), receiving(t, "ci"))
	for _, test := range []struct {
		name, body string
		header     []string
		status     int
		events     string
		says       string
	}{
		{"the first", "a", []string{"Idempotency-Key", "7"}, 200, "1, 2", "1"},
		{"a repeat", "a", []string{"Idempotency-Key", "7"}, 200, "1, 2", "1"},
		{"another body", "b", []string{"Idempotency-Key", "7"}, 422, "", "already used for event 1"},
		{"another name", "b", []string{"Idempotency-Key", "8"}, 200, "3, 4", "1"},
		{"no name", "a", nil, 200, "5, 6", "1"},
		{"a blank name", "a", []string{"Idempotency-Key", " "}, 200, "7, 8", "1"},
		{"a Standard Webhooks name goes first", "a", []string{"Webhook-Id", "msg_1", "Idempotency-Key", "7"}, 200, "9, 10", "1"},
		{"a long name", "a", []string{"Idempotency-Key", strings.Repeat("x", 5000)}, 200, "11, 12", "1"},
		{"a long name again", "a", []string{"Idempotency-Key", strings.Repeat("x", 5000)}, 200, "11, 12", "1"},
		{"a delivery of GitHub's", "a", []string{"X-GitHub-Delivery", "7"}, 200, "13, 14", "1"},
		{"a delivery of GitHub's again", "a", []string{"X-GitHub-Delivery", "7"}, 200, "13, 14", "1"},
		{"a push in GitLab", "a", []string{"X-Gitlab-Event-UUID", "7"}, 200, "15, 16", "1"},
		{"the pipeline that it started", "b", []string{"X-Gitlab-Event-UUID", "7"}, 200, "17, 18", "1"},
		{"the push in GitLab again", "a", []string{"X-Gitlab-Event-UUID", "7"}, 200, "15, 16", "1"},
		{"a name that is for this goes first", "a", []string{"X-Gitlab-Event-UUID", "7", "Idempotency-Key", "7"}, 200, "1, 2", "1"},
		{"a header that a proxy writes", "a", []string{"X-Request-Id", "7"}, 200, "19, 20", "1"},
		{"a header that a proxy writes again", "a", []string{"X-Request-Id", "7"}, 200, "21, 22", "1"},
	} {
		w := post(i, test.body, test.header...)
		if w.Code != test.status || w.Header().Get("Relay-Event") != test.events || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: answered %d, events %q: %s", test.name, w.Code, w.Header().Get("Relay-Event"), w.Body)
		}
	}
	if got := m.batches()[0].Events; got[0].Key != "idempotency-key:7" || got[1].Key != "idempotency-key:7#2" {
		t.Errorf("the keys are %q and %q", got[0].Key, got[1].Key)
	}
}

func TestAConnectorsOwnKeysNeedNoName(t *testing.T) {
	m := newMemory()
	p := &plugins{receive: func(_ context.Context, _ pluginhost.Call, r pluginhost.Request) (pluginhost.Reply, error) {
		return pluginhost.Reply{Events: []event.Event{newEvent("issue-5")}}, nil
	}}
	i := start(t, options(m, p), receiving(t, "ci"))
	post(i, "a", "Idempotency-Key", "7")
	if w := post(i, "b", "Idempotency-Key", "8"); w.Code != http.StatusOK || w.Header().Get("Relay-Event") != "1" {
		t.Errorf("an event that is known was answered with %d %v", w.Code, w.Header())
	}
}

func TestRefusedRequestsAreKeptInShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		o := options(m, keyless(1))
		o.Mask = func(text string) string { return strings.ReplaceAll(text, "hush", "***") }
		i := start(t, o, receiving(t, "ci"))
		first := time.Now()
		for range 1000 {
			post(i, "bad")
			time.Sleep(time.Millisecond)
		}
		post(i, "x")
		request(i, http.MethodPost, "/hooks/guess", "bad")
		time.Sleep(time.Minute)
		want := [][]store.Refusal{{{
			Connector: "ci", Remote: "192.0.2.1", Method: "POST", Status: 400, Reason: "That is no JSON, and *** is a secret.",
			Bytes: 3, Count: 1000, First: first, Last: first.Add(999 * time.Millisecond),
		}}}
		if diff := cmp.Diff(want, m.refusals()); diff != "" {
			t.Errorf("refusals (-want +got):\n%s", diff)
		}
	})
}

func TestHostileFloodOfBadRequestsCostsFewCommitsAndLittleMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		i := start(t, options(m, keyless(1)), receiving(t, "ci"))
		for n := range 20_000 {
			r := httptest.NewRequest(http.MethodPost, "/hooks/token-of-ci", strings.NewReader("bad"))
			r.RemoteAddr = fmt.Sprintf("192.0.%d.%d:1", n/250, n%250)
			i.Hooks().ServeHTTP(httptest.NewRecorder(), r)
			time.Sleep(time.Millisecond)
		}
		halt(t, i)
		commits := m.refusals()
		if len(commits) < 9 || len(commits) > 11 {
			t.Errorf("%d commits in 20 s", len(commits))
		}
		for _, list := range commits {
			if len(list) > store.MaxRefusals {
				t.Errorf("a commit has %d refusals", len(list))
			}
		}
		last := commits[len(commits)-1]
		if got := last[len(last)-1].Remote; got != "192.0.79.249" {
			t.Errorf("the last one kept is from %s", got)
		}
	})
}
