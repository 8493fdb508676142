package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

func TestABatchThatIsNotStoredFailsThePluginsEmit(t *testing.T) {
	h, l := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	full := errors.New("the disk is full")
	n := 0
	_, err := h.Poll(t.Context(), source(""), nil, func(context.Context, event.Batch) error {
		if n++; n == 2 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || connector.KindOf(err) != connector.KindTemporary {
		t.Errorf("the poll returned %v", err)
	}
	if n != 2 {
		t.Errorf("after the refusal %d more batches came", n-2)
	}
	eventually(t, "the plugin heard of it", func() bool { return contains(l, "emit failed") })
}

func TestAPollIsCancelledByItsContext(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.Poll(ctx, source("forever"), nil, ignore); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the poll returned %v", err)
	}
	if s := h.Status()[0]; s.Generation != 1 || !s.Running {
		t.Errorf("the plugin did not stay well: %+v", s)
	}
}

func TestAPreviewSaysHowManyEventsItWants(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	src := source("")
	src.Preview = 5
	n := 0
	if _, err := h.Poll(t.Context(), src, nil, func(context.Context, event.Batch) error { n++; return nil }); err != nil || n != 5 {
		t.Errorf("a preview of 5 gave %d, %v", n, err)
	}
}

func TestEmptyCheckpointsDifferFromNone(t *testing.T) {
	h, l := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	var got event.Checkpoint
	if _, err := h.Poll(t.Context(), source(""), event.Checkpoint{}, func(_ context.Context, b event.Batch) error {
		got = b.Checkpoint
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if string(got) != "+2" {
		t.Errorf("checkpoint %q", got)
	}
	eventually(t, "it was logged", func() bool { return contains(l, `"checkpoint":""`) })
}

func TestABatchOverTheLimitFailsInThePlugin(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	_, err := h.Poll(t.Context(), source("too-big"), nil, ignore)
	if err == nil || !strings.Contains(err.Error(), "the batch of 1 events has 32 MiB; at most 32 are allowed, so emit smaller ones") {
		t.Errorf("the poll returned %v", err)
	}
}

func TestAPluginThatLiesHarmsOnlyItself(t *testing.T) {
	modes := map[string][2]string{ // what poll and receive say
		"bad-card": {"an invalid batch: event 1 of 1: card: ", "invalid: event 1 of 1: card: "},
		"long-key": {"its key has 5000 bytes; at most 1024 are allowed", "it sent a result for a request that it never got"},
		"bad-data": {"its data is not a JSON object", "its answer has the status 42"},
		"bad-kind": {"may hold only letters", "the value of header field X-A in its answer is not valid"},
		"huge":     {"a single message may have at most 32 MiB", ""},
		"nothing":  {"in a poll it sent neither a batch nor done", "it sent a result for a request that it never got"},
		"no-done":  {"it ended a poll without done", ""},
	}
	h, _ := newHost(t, Options{})
	specs := []Spec{spec(t, "good")}
	for mode := range modes {
		specs = append(specs, spec(t, mode))
	}
	adopt(t, h, specs...)
	for mode, want := range modes {
		src := Call{Type: mode, Connector: "c"}
		_, err := h.Poll(t.Context(), src, nil, ignore)
		if connector.KindOf(err) != connector.KindTemporary || err == nil || !strings.Contains(err.Error(), want[0]) || !strings.Contains(err.Error(), "plugin "+mode+": ") {
			t.Errorf("%s: the poll returned %v, want %q", mode, err, want[0])
		}
		_, err = h.Receive(t.Context(), src, Request{Method: "POST"})
		if want[1] != "" && (err == nil || !strings.Contains(err.Error(), want[1])) {
			t.Errorf("%s: receive returned %v, want %q", mode, err, want[1])
		}
	}
	for _, s := range h.Status() {
		if !s.Running || s.Generation != 1 {
			t.Errorf("%s was started again", s.Name)
		}
	}
	receive(t, h, source(""), Request{})
}

func TestAFloodOfBatchesWaitsForTheHost(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "flood"))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err := h.Poll(ctx, Call{Type: "flood", Connector: "c"}, nil, func(context.Context, event.Batch) error {
		n++
		if n == 20 {
			cancel()
		}
		time.Sleep(10 * time.Millisecond)
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the poll returned %v", err)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB while the plugin flooded", grown>>20)
	}
}

func TestReceiveCarriesRequestAndReply(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	got := receive(t, h, source(""), Request{
		Method: "POST", Path: "/x", Query: "q=1", Header: http.Header{"X-Sent": {"a", "b\xff"}}, Body: []byte("body"), Remote: "192.0.2.1",
	})
	e := tick(1)
	e.Key = "q=1"
	want := Reply{Status: 202, Header: http.Header{"X-Echo": {"a", "b\uFFFD"}}, Body: []byte("got body"), Events: []event.Event{e}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}

func TestConcurrentRequestsShareCallsAndEachGetsItsOwnAnswer(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, spec(t, "good"))
	var wait sync.WaitGroup
	for i := range 300 {
		wait.Go(func() {
			body := fmt.Sprint(i)
			path := "/x"
			if i%50 == 7 {
				path = "/panic"
			}
			reply, err := h.Receive(t.Context(), source(""), Request{Path: path, Body: []byte(body)})
			switch {
			case path == "/panic" && (err == nil || !strings.Contains(err.Error(), "the connector panicked in Receive")):
				t.Errorf("request %d: %v", i, err)
			case path != "/panic" && (err != nil || string(reply.Body) != "got "+body):
				t.Errorf("request %d got %q, %v", i, reply.Body, err)
			}
		})
	}
	wait.Wait()
	if s := h.Status()[0]; s.Generation != 1 {
		t.Error("a panic in one request ended the process")
	}
}

func TestSlowRequestsDoNotHoldUpOthers(t *testing.T) {
	limits := quick()
	limits.Receive, limits.Ping = 5*time.Second, time.Minute
	h, _ := newHost(t, Options{limits: limits})
	adopt(t, h, spec(t, "good"))
	var wait sync.WaitGroup
	for i := range 2 {
		wait.Go(func() {
			if _, err := h.Receive(t.Context(), source(""), Request{Path: "/hang"}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the hanging request returned %v", err)
			}
		})
		eventually(t, "it is under way", func() bool { return callsUnderWay(h) == i+1 })
	}
	receive(t, h, source(""), Request{})
	if n := callsUnderWay(h); n != 2 {
		t.Errorf("the quick request was answered when %d of 2 slow ones were left", n)
	}
	wait.Wait()
}

func TestAMessageNamesEachSourceOnce(t *testing.T) {
	h, _ := newHost(t, Options{})
	r := newRequests(&supervised{host: h}, nil)
	a, b, same := source(""), source("x"), source("")
	var list []*waiting
	for _, s := range []*Call{&a, &same, &b, &a} {
		list = append(list, &waiting{call: s, request: &Request{}})
	}
	m := r.toWire(list)
	var got []uint32
	for _, w := range m.GetRequests() {
		got = append(got, w.GetCall())
	}
	if len(m.GetCalls()) != 2 || !slices.Equal(got, []uint32{0, 0, 1, 0}) {
		t.Errorf("requests for the calls %v of %d", got, len(m.GetCalls()))
	}
}
