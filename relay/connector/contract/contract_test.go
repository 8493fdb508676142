package contract

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/wire"
)

func describe(change func(*wire.Description)) *wire.DescribeResponse {
	d := &wire.Description{
		Type: "acme", Title: "Acme", Polls: true, Schedule: "@every 1m", Icon: []byte("<svg/>"),
		Arguments: []*wire.Argument{{Name: "url", Type: scalar(wire.ValueType_STRING), Required: true}},
		Kinds:     []*wire.EventKind{{Name: "tick", Sample: &wire.Event{Kind: "tick", Card: []byte(`{"title":"x"}`)}}},
	}
	change(d)
	return &wire.DescribeResponse{Types: []*wire.Description{d}}
}

func argument(a *wire.Argument) func(*wire.Description) {
	return func(d *wire.Description) { d.Arguments = append(d.Arguments, a) }
}

func TestADescriptionIsNotBelievedUnchecked(t *testing.T) {
	if _, err := Types(describe(func(*wire.Description) {})); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*wire.Description){
		"the name must be of lower-case":        func(d *wire.Description) { d.Type = "Ac me" },
		"it neither polls nor receives":         func(d *wire.Description) { d.Polls = false },
		"the title must be one line":            func(d *wire.Description) { d.Title = "a\nb" },
		"the schedule is not one such as":       func(d *wire.Description) { d.Schedule = "often" },
		"the icon is neither SVG nor PNG":       func(d *wire.Description) { d.Icon = []byte("GIF89a") },
		"the icon has 65537 bytes":              func(d *wire.Description) { d.Icon = make([]byte, 65537) },
		"more than 200 arguments":               func(d *wire.Description) { d.Arguments = make([]*wire.Argument, 201) },
		`argument "": the name must be`:         func(d *wire.Description) { d.Arguments = []*wire.Argument{nil} },
		`argument "timeout": the name is reser`: argument(&wire.Argument{Name: "timeout", Type: scalar(wire.ValueType_STRING)}),
		`argument "url": there are two`:         argument(&wire.Argument{Name: "url", Type: scalar(wire.ValueType_STRING)}),
		"kind 0, which this relay does":         argument(&wire.Argument{Name: "a"}),
		"required and has a default":            argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_STRING), Required: true, DefaultJson: `""`}),
		"it is not number in JSON":              argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_NUMBER), DefaultJson: `"1"`}),
		"it is not valid JSON":                  argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_ANY), DefaultJson: `{`}),
		"only a string can have allowed":        argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_BOOL), Allowed: []string{"x"}}),
		"not one of the allowed values":         argument(&wire.Argument{Name: "a", Type: scalar(wire.ValueType_STRING), Allowed: []string{"x"}, DefaultJson: `"y"`}),
		`event kind "": its kind is empty`:      func(d *wire.Description) { d.Kinds = []*wire.EventKind{nil} },
		"the sample: card:":                     func(d *wire.Description) { d.Kinds[0].Sample.Card = []byte("[]") },
	} {
		if _, err := Types(describe(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	twice := describe(func(*wire.Description) {})
	twice.Types = append(twice.Types, twice.GetTypes()[0])
	if _, err := Types(twice); err == nil || !strings.Contains(err.Error(), "described twice") {
		t.Errorf("a type described twice gave %v", err)
	}
}

func TestTheDefaultIsOfTheType(t *testing.T) {
	list := func(element *wire.ValueType) *wire.ValueType {
		return &wire.ValueType{Kind: wire.ValueType_LIST, Element: element}
	}
	mapOf := func(element *wire.ValueType) *wire.ValueType {
		return &wire.ValueType{Kind: wire.ValueType_MAP, Element: element}
	}
	object := func(attributes ...*wire.Argument) *wire.ValueType {
		return &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: attributes}
	}
	text, number, truth := scalar(wire.ValueType_STRING), scalar(wire.ValueType_NUMBER), scalar(wire.ValueType_BOOL)
	pair := object(&wire.Argument{Name: "a", Type: text, Required: true, Doc: "One."}, &wire.Argument{Name: "b", Type: number, DefaultJson: "1"})
	choice := object(&wire.Argument{Name: "c", Type: text, Allowed: []string{"x", "y"}})
	for _, c := range []struct {
		t         *wire.ValueType
		good, bad string
	}{
		{text, `"a"`, `1`},
		{number, `1.5`, `true`},
		{truth, `false`, `"false"`},
		{anything(), `{"a":[1]}`, `{`},
		{list(text), `["a"]`, `[1]`},
		{mapOf(list(truth)), `{"a":[true]}`, `{"a":true}`},
		{pair, `{"a":"x"}`, `{"b":1}`},
		{pair, `{"a":"x","b":null}`, `{"a":null}`},
		{pair, `{"a":"x","b":2}`, `{"a":"x","d":1}`},
		{choice, `{"c":"y"}`, `{"c":"z"}`},
		{list(object()), `[{}, null]`, `[{"a":1}]`},
	} {
		for value, good := range map[string]bool{c.good: true, c.bad: false} {
			_, err := Types(describe(argument(&wire.Argument{Name: "a", Type: c.t, DefaultJson: value})))
			if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "the default: ") {
				t.Errorf("%v: %s gave %v", c.t, value, err)
			}
		}
	}
}

// What has a secret in it must not be shown as a whole.
func TestAnArgumentThatHoldsASecretIsOne(t *testing.T) {
	object := &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: []*wire.Argument{
		{Name: "user", Type: scalar(wire.ValueType_STRING)},
		{Name: "password", Type: scalar(wire.ValueType_STRING), Secret: true},
	}}
	for secret, kind := range map[bool]*wire.ValueType{true: {Kind: wire.ValueType_LIST, Element: object}, false: object.GetAttributes()[0].GetType()} {
		types, err := Types(describe(argument(&wire.Argument{Name: "a", Type: kind})))
		if err != nil {
			t.Fatal(err)
		}
		if got := types[0].Arguments[1].Secret; got != secret {
			t.Errorf("%s is a secret: %t", types[0].Arguments[1].Type, got)
		}
	}
}

func TestFailuresBecomeErrorsOfTheirKind(t *testing.T) {
	until := time.Unix(2_000_000_000, 0).UTC()
	for kind, want := range map[wire.Failure_Kind]connector.ErrorKind{
		wire.Failure_TEMPORARY: connector.KindTemporary, wire.Failure_THROTTLED: connector.KindThrottled,
		wire.Failure_UNAUTHORISED: connector.KindUnauthorised, wire.Failure_GONE: connector.KindGone,
		wire.Failure_MISCONFIGURED: connector.KindMisconfigured, 99: connector.KindTemporary,
	} {
		e := Error(&wire.Failure{Kind: kind, Message: "m", Until: timestamppb.New(until)})
		if e.Kind != want || e.Error() != "m" || !e.Until.Equal(until) {
			t.Errorf("%s became %+v", kind, e)
		}
	}
	if Error(nil) != nil {
		t.Error("no failure became an error")
	}
	e := Error(&wire.Failure{Until: &timestamppb.Timestamp{Seconds: -1 << 62}})
	if e.Error() == "" || !e.Until.IsZero() {
		t.Errorf("an empty failure became %+v", e)
	}
}

func TestHintsAreBounded(t *testing.T) {
	for given, want := range map[*durationpb.Duration]time.Duration{
		nil: 0, durationpb.New(time.Minute): time.Minute, durationpb.New(-time.Minute): 0,
		durationpb.New(1 << 62): maxHint, {Seconds: 1, Nanos: -1}: 0,
	} {
		if got := Again(&wire.PollDone{Again: given}); got != want {
			t.Errorf("%v became %s, want %s", given, got, want)
		}
	}
}

func TestRepliesAreChecked(t *testing.T) {
	header := func(name, value string) map[string]*wire.HeaderValues {
		return map[string]*wire.HeaderValues{name: {Values: []string{value}}}
	}
	for want, r := range map[string]*wire.HTTPResponse{
		"":                        nil,
		"status 199":              {Status: 199},
		"status 600":              {Status: 600},
		`header field "a b"`:      {Header: header("a b", "c")},
		"value of header field X": {Header: header("X", "a\nb")},
		"has 1048577 bytes":       {Body: make([]byte, maxAnswer+1)},
	} {
		got, err := Reply(&wire.ReceiveResult{Response: r})
		if want == "" && (err != nil || got.Status != 200) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.80v gave %v, want %q", r, err, want)
		}
	}
	_, err := Reply(&wire.ReceiveResult{Failure: &wire.Failure{Kind: wire.Failure_GONE}})
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.Kind != connector.KindGone {
		t.Errorf("a failure gave %v", err)
	}
}

func TestSamplesSurviveTheWire(t *testing.T) {
	types, err := Types(describe(func(d *wire.Description) { d.Kinds[0].Sample.Data = []byte(`{"a":1}`) }))
	if err != nil {
		t.Fatal(err)
	}
	sample := types[0].Kinds[0].Sample
	if diff := cmp.Diff(json.RawMessage(`{"a":1}`), sample.Data); diff != "" || sample.Card.Title != "x" {
		t.Errorf("the sample is %+v", sample)
	}
}
