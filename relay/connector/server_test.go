package connector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/event"
)

// echo answers with the address of its own value.
type echo struct {
	Text string `relay:"text"`
	made *int
}

func (e *echo) Describe() Description {
	return Description{Type: "echo", Kinds: []Kind{{Name: "echo", Sample: event.Event{Card: card.Card{Title: "x"}}}}}
}

func (e *echo) Receive(_ context.Context, r *Request) (Reply, error) {
	switch string(r.Body) {
	case "panic":
		panic(errors.New("a bug"))
	case "exit":
		runtime.Goexit()
	case "bad":
		return Reply{Events: []event.Event{{Kind: "echo", Data: json.RawMessage("[]")}}}, nil
	case "invalid text":
		return Reply{}, Misconfigured("no \xff here")
	}
	return Reply{Body: []byte(e.Text)}, nil
}

func echoServer(t *testing.T, log *bytes.Buffer) (wire.ConnectorServer, *int) {
	t.Helper()
	made := 0
	s, err := NewServer(newLog(log), func() Connector { made++; return &echo{made: &made} })
	if err != nil {
		t.Fatal(err)
	}
	return s, &made
}

func send(t *testing.T, s wire.ConnectorServer, arguments string, bodies ...string) []*wire.ReceiveResult {
	t.Helper()
	r := &wire.ReceiveRequest{
		Calls: []*wire.Call{{Type: "echo", Connector: "c", Arguments: []byte(arguments)}}, Timeout: durationpb.New(time.Minute),
	}
	for i, body := range bodies {
		r.Requests = append(r.Requests, &wire.HTTPRequest{Id: uint64(i) + 1, Body: []byte(body)})
	}
	stream := &receiveStream{ctx: t.Context(), in: []*wire.ReceiveRequest{r}}
	if err := s.Receive(stream); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(stream.out, func(a, b *wire.ReceiveResult) int { return cmp.Compare(a.GetId(), b.GetId()) })
	return stream.out
}

// receiveStream is a stream that ends after some messages.
type receiveStream struct {
	wire.Connector_ReceiveServer
	ctx context.Context
	in  []*wire.ReceiveRequest
	out []*wire.ReceiveResult
}

func (s *receiveStream) Context() context.Context { return s.ctx }

func (s *receiveStream) Recv() (*wire.ReceiveRequest, error) {
	if len(s.in) == 0 {
		return nil, io.EOF
	}
	r := s.in[0]
	s.in = s.in[1:]
	return r, nil
}

func (s *receiveStream) Send(r *wire.ReceiveResponse) error {
	s.out = append(s.out, r.GetResults()...)
	return nil
}

func TestOneBadRequestOfSeveralFailsAlone(t *testing.T) {
	var log bytes.Buffer
	s, _ := echoServer(t, &log)
	for i, r := range send(t, s, `{"text":"hi"}`, "", "panic", "exit", "bad", "invalid text", "") {
		want := []string{"", "panicked in Receive", "ended its goroutine in Receive", "its data is not a JSON object", "no \uFFFD here", ""}[i]
		if want == "" && string(r.GetResponse().GetBody()) != "hi" || !strings.Contains(r.GetFailure().GetMessage(), want) {
			t.Errorf("result %d is %v, want %q", i, r, want)
		}
	}
	if !strings.Contains(log.String(), `"panic":"a bug"`) || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("the log has no stack: %s", &log)
	}
}

func TestAConnectorsValueLivesAsLongAsItsArguments(t *testing.T) {
	var log bytes.Buffer
	s, made := echoServer(t, &log)
	before := *made
	for _, text := range []string{"a", "a", "b", "b", "a"} {
		if got := send(t, s, `{"text":"`+text+`"}`, "")[0].GetResponse().GetBody(); string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if n := *made - before; n != 3 {
		t.Errorf("%d values were made for arguments that changed twice", n)
	}
	if f := send(t, s, `{"text":1}`, "")[0].GetFailure(); f.GetKind() != wire.Failure_MISCONFIGURED || f.GetMessage() != "argument text: must be text" {
		t.Errorf("wrong arguments gave %v", f)
	}
}

func TestTheServerRefusesWhatCannotBeServed(t *testing.T) {
	for want, factories := range map[string][]func() Connector{
		"there is no connector to serve":             nil,
		"a factory returns nil":                      {func() Connector { return nil }},
		"has neither a Poll nor a Receive method":    {func() Connector { return &every{} }},
		`two connectors are of type "echo"`:          {func() Connector { return &echo{} }, func() Connector { return &echo{} }},
		"describes itself without a Type":            {func() Connector { return &nameless{} }},
		`the sample of kind "a b": its kind "a b" m`: {func() Connector { return &odd{} }},
	} {
		if _, err := NewServer(slog.New(slog.DiscardHandler), factories...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

type nameless struct{ echo }

func (*nameless) Describe() Description { return Description{} }

type odd struct{ echo }

func (*odd) Describe() Description { return Description{Type: "odd", Kinds: []Kind{{Name: "a b"}}} }

func TestLogEntriesHaveTheFormThatHostsRead(t *testing.T) {
	var b bytes.Buffer
	log := newLog(&b)
	log.With("connector", "c").Warn("slow", "took", 1500*time.Millisecond, "error",
		&url.Error{Op: "Get", URL: "https://h.example/secret", Err: errors.New("refused")}, slog.Group("g", "level", "x"))
	var entry map[string]any
	if err := json.Unmarshal(b.Bytes(), &entry); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"@level": "warn", "@message": "slow", "connector": "c", "took": "1.5s", "error": `Get "https://h.example": refused`,
	} {
		if entry[name] != want {
			t.Errorf("%s is %v, want %q", name, entry[name], want)
		}
	}
	if at, _ := entry["@timestamp"].(string); at == "" {
		t.Error("it has no time")
	}
	for level, want := range map[slog.Level]string{-8: "trace", -4: "debug", -1: "debug", 0: "info", 3: "info", 4: "warn", 8: "error", 12: "error"} {
		if got := logLevel(level); got != want {
			t.Errorf("level %d is %s, want %s", level, got, want)
		}
	}
}

func TestEveryErrorLeadsToItsCause(t *testing.T) {
	cause := errors.New("cause")
	for _, err := range []error{Throttled(time.Time{}, "%w", cause), Unauthorised("%w", cause), Gone("%w", cause), Misconfigured("%w", cause)} {
		if !errors.Is(err, cause) || KindOf(err) == KindTemporary {
			t.Errorf("%v of kind %s", err, KindOf(err))
		}
	}
}
