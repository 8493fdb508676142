package kinds

import (
	"slices"
	"testing"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

func table() Table[string] {
	return Table[string]{{Name: "push", Doc: "A push.", Own: "blue"}, {Name: "pull_request", Doc: "A pull request."}, {Name: "label", Doc: "A label.", Noise: true}}
}

func TestWhatPeopleWant(t *testing.T) {
	for _, test := range []struct {
		kinds, exclude []string
		noise          bool
		names          []string
		want           bool
	}{
		{nil, nil, false, []string{"push"}, true},
		{nil, nil, true, []string{"label"}, false},
		{[]string{"label"}, nil, true, []string{"label"}, true},
		{[]string{"label"}, nil, false, []string{"push"}, false},
		{[]string{"PU*"}, nil, false, []string{"push"}, true},
		{[]string{"*"}, []string{"pu*"}, false, []string{"push"}, false},
		{nil, []string{"push"}, false, []string{"push"}, false},
		{[]string{"issue.closed"}, nil, true, []string{"issue", "issue.closed"}, true},
		{[]string{"issue"}, []string{"issue.closed"}, false, []string{"issue", "issue.closed"}, false},
	} {
		if got := (Choice{test.kinds, test.exclude}).Wants(test.noise, test.names...); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}

func TestAPatternThatIsLikeNoKindIsAProblem(t *testing.T) {
	var problems connector.Problems
	table().Check(&problems, "events", "pu*", "*", "pusch", "issues*")
	want := connector.Problems{
		{Argument: "events", Message: `No kind of event matches pusch. Did you mean "push"?`},
		{Argument: "events", Message: "No kind of event matches issues*."},
	}
	if !slices.Equal(problems, want) {
		t.Errorf("problems: %+v", problems)
	}
}

func TestKindsAreDescribedInTheOrderOfTheTable(t *testing.T) {
	list := table().Describe(func(k Kind[string]) event.Event { return event.Event{Key: k.Own} })
	if len(list) != 3 || list[0].Name != "push" || list[0].Doc != "A push." || list[0].Sample.Key != "blue" || list[2].Name != "label" ||
		list[2].Doc != "A label. Off by default." {
		t.Errorf("described as %+v", list)
	}
	if k, ok := table().Find("label"); !ok || !k.Noise {
		t.Errorf("found %+v, %t", k, ok)
	}
	if k, ok := table().Find("lab"); ok {
		t.Errorf("found %+v", k)
	}
}
