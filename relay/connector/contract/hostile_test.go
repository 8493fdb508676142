package contract

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/schedule"
)

// hostileAnswers are what no honest plugin says.
func hostileAnswers() map[string]proto.Message {
	long := strings.Repeat("x", 1<<20)
	zone := describe(func(d *wire.Description) { d.Schedule = "TZ=UTC" })
	many := &wire.DescribeResponse{}
	for range 10_000 {
		many.Types = append(many.Types, &wire.Description{Type: "a", Polls: true})
	}
	return map[string]proto.Message{
		"a zone without a schedule": zone,
		"ten thousand types":        many,
		"nothing in the list":       &wire.DescribeResponse{Types: []*wire.Description{nil}},
		"a deep type":               describe(argument(&wire.Argument{Name: "a", Type: deep(10_000)})),
		"objects all the way down":  describe(argument(&wire.Argument{Name: "a", Type: nested(10_000)})),
		"a million attributes":      describe(argument(&wire.Argument{Name: "a", Type: &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: slices.Repeat(wide(1).GetAttributes(), 1_000_000)}})),
		"many objects of some": describe(func(d *wire.Description) {
			d.Arguments = wide(20).GetAttributes()
			d.Arguments[19].Type = wide(100)
			d.Arguments[0].Type = wide(100)
		}),
		"a type of no kind":       describe(argument(&wire.Argument{Name: "a", Type: &wire.ValueType{Kind: 99}})),
		"a list of nothing":       describe(argument(&wire.Argument{Name: "a", Type: &wire.ValueType{Kind: wire.ValueType_LIST}})),
		"an object with a hole":   describe(argument(&wire.Argument{Name: "a", Type: &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: []*wire.Argument{nil}}})),
		"a long default":          describe(argument(&wire.Argument{Name: "a", Type: anything(), DefaultJson: "[" + strings.Repeat("[],", 1<<20) + "[]]"})),
		"an absurd number":        describe(argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_NUMBER), DefaultJson: "1e-400000"})),
		"a long doc":              describe(argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_STRING), Doc: long})),
		"a long list of values":   describe(argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_STRING), Allowed: []string{long, long}})),
		"a long kind":             describe(func(d *wire.Description) { d.Kinds = append(d.Kinds, &wire.EventKind{Name: "k", Doc: long}) }),
		"status 42":               &wire.ReceiveResult{Response: &wire.HTTPResponse{Status: 42}},
		"status 100":              &wire.ReceiveResult{Response: &wire.HTTPResponse{Status: 100}},
		"status 1000":             &wire.ReceiveResult{Response: &wire.HTTPResponse{Status: 1000}},
		"a negative status":       &wire.ReceiveResult{Response: &wire.HTTPResponse{Status: -1 << 31}},
		"a header without a name": &wire.ReceiveResult{Response: &wire.HTTPResponse{Header: map[string]*wire.HeaderValues{"": {Values: []string{"a"}}}}},
		"a header of two lines":   &wire.ReceiveResult{Response: &wire.HTTPResponse{Header: map[string]*wire.HeaderValues{"A": {Values: []string{"a\r\nB: c"}}}}},
		"a long header":           &wire.ReceiveResult{Response: &wire.HTTPResponse{Header: map[string]*wire.HeaderValues{"A": {Values: []string{long}}}}},
		"a missing event":         &wire.ReceiveResult{Events: []*wire.Event{nil}},
		"an event in year 300000": &wire.ReceiveResult{Events: []*wire.Event{{Kind: "k", Card: []byte(`{"text":"x"}`), Time: &timestamppb.Timestamp{Seconds: 9e12}}}},
		"an invalid time":         &wire.ReceiveResult{Events: []*wire.Event{{Kind: "k", Card: []byte(`{"text":"x"}`), Time: &timestamppb.Timestamp{Nanos: -1}}}},
		"a checkpoint of 5 MB":    &wire.Batch{Checkpoint: make([]byte, 5<<20), HasCheckpoint: true},
		"a sign-in to nowhere":    &wire.SignInResponse{Flow: wire.SignInResponse_DEVICE_CODE, DeviceUrl: "javascript:alert(1)"},
		"a sign-in of no kind":    &wire.SignInResponse{Flow: 99},
		"a long sign-in":          &wire.SignInResponse{Flow: wire.SignInResponse_TOKEN_PAGE, PageUrl: "https://example.com/", Scopes: []string{long}},
	}
}

func scalar(kind wire.ValueType_Kind) *wire.ValueType { return &wire.ValueType{Kind: kind} }

func anything() *wire.ValueType { return scalar(wire.ValueType_ANY) }

// deep is a list of lists of lists.
func deep(levels int) *wire.ValueType {
	t := anything()
	for range levels {
		t = &wire.ValueType{Kind: wire.ValueType_LIST, Element: t}
	}
	return t
}

// nested is an object in an object in an object.
func nested(levels int) *wire.ValueType {
	t := anything()
	for range levels {
		t = &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: []*wire.Argument{{Name: "a", Type: t}}}
	}
	return t
}

// wide is an object with many attributes.
func wide(attributes int) *wire.ValueType {
	t := &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: make([]*wire.Argument, attributes)}
	for i := range t.GetAttributes() {
		t.Attributes[i] = &wire.Argument{Name: fmt.Sprintf("a%d", i), Type: anything()}
	}
	return t
}

// read hands an answer to the reader of its kind, and what that lets through on to
// what the relay does with it.
func read(m proto.Message) (err error) {
	switch m := m.(type) {
	case *wire.DescribeResponse:
		types, err := Types(m)
		if err != nil {
			return err
		}
		for _, t := range types {
			if t.Schedule == "" {
				continue
			}
			s, err := schedule.Parse(t.Schedule)
			if err != nil {
				return err
			}
			s.Next(time.Now())
		}
	case *wire.ValidateResponse:
		Problems(m)
	case *wire.Batch:
		_, err = wire.ToBatch(m)
	case *wire.PollDone:
		Again(m)
		Note(m)
		Error(m.GetFailure())
	case *wire.SignInResponse:
		_, err = SignIn(m)
	case *wire.ReceiveResult:
		reply, err := Reply(m)
		if err != nil {
			return err
		}
		answer(httptest.NewRecorder(), reply.Status, reply.Header, reply.Body)
	}
	return err
}

// answer is what a listener does with a reply: it panics at a status that is none.
func answer(w http.ResponseWriter, status int, header http.Header, body []byte) {
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func TestHostileAnswersAreRefused(t *testing.T) {
	for name, m := range hostileAnswers() {
		if err := read(m); err == nil {
			t.Errorf("%s: it was let through", name)
		} else if len(err.Error()) > 4<<10 {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
	}
}

func TestHostileTimesAndTextsAreBounded(t *testing.T) {
	for _, d := range []*durationpb.Duration{{Seconds: -5}, {Seconds: 1 << 60}, {Nanos: -1 << 31}, nil} {
		if again := Again(&wire.PollDone{Again: d}); again < 0 || again > maxHint {
			t.Errorf("a wait of %v is read as %s", d, again)
		}
	}
	text := strings.Repeat("line\n", 1<<20)
	for name, got := range map[string]string{
		"note":    Note(&wire.PollDone{Note: text}),
		"failure": Error(&wire.Failure{Message: text}).Error(),
		"problem": Problems(&wire.ValidateResponse{Problems: []*wire.Problem{{Message: text}}})[0].Message,
	} {
		if len(got) > 2*maxLine || strings.Contains(got, "\n") {
			t.Errorf("a %s of %d bytes is %d bytes afterwards, or not one line", name, len(text), len(got))
		}
	}
	if n := len(Problems(&wire.ValidateResponse{Problems: make([]*wire.Problem, 100_000)})); n > maxProblems {
		t.Errorf("%d problems are told", n)
	}
}

// FuzzAnswers feeds the relay's half of the contract whatever may come over the wire:
// nothing panics, and what is let through does no harm further in.
func FuzzAnswers(f *testing.F) {
	kinds := func() []proto.Message {
		return []proto.Message{&wire.DescribeResponse{}, &wire.ValidateResponse{}, &wire.Batch{}, &wire.PollDone{}, &wire.SignInResponse{}, &wire.ReceiveResult{}}
	}
	for _, m := range hostileAnswers() {
		for i, kind := range kinds() {
			if proto.Size(m) > 4<<10 {
				continue
			}
			if b, err := proto.Marshal(m); err == nil && kind.ProtoReflect().Descriptor() == m.ProtoReflect().Descriptor() {
				f.Add(byte(i), b)
			}
		}
	}
	f.Fuzz(func(_ *testing.T, kind byte, b []byte) {
		list := kinds()
		m := list[int(kind)%len(list)]
		if proto.Unmarshal(b, m) == nil {
			_ = read(m)
		}
	})
}
