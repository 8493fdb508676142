package dashboard

import (
	"context"
	"fmt"
	"testing"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// team is a relay in which one channel is somebody's.
type team struct{ operator.Relay }

func (team) Channels(context.Context) ([]operator.Channel, error) {
	return []operator.Channel{{Name: "hers"}}, nil
}

// TestPeopleHearOfWhatTheySee, whatever their page asks for.
func TestPeopleHearOfWhatTheySee(t *testing.T) {
	member, reader := access.Person{Name: "mia", Role: access.Member, Teams: []string{"red"}}, access.Person{Name: "rob", Role: access.Reader}
	for _, test := range []struct {
		person *access.Person
		asks   string
		hears  map[string]bool
	}{
		{&reader, "*", map[string]bool{"hers": true, "foreign": true}},
		{&member, "*", map[string]bool{"hers": true, "foreign": false}},
		{&member, "hers", map[string]bool{"hers": true, "foreign": false}},
		{&member, "foreign", map[string]bool{"hers": false, "foreign": false}},
		{&member, "", map[string]bool{"hers": false, "foreign": false}},
		{nil, "*", map[string]bool{"foreign": false}},
	} {
		d := &Dashboard{relay: team{}, hub: newHub()}
		ctx := t.Context()
		if test.person != nil {
			ctx = access.With(ctx, *test.person)
		}
		for channel, want := range test.hears {
			l, err := d.listener(ctx, test.asks)
			if err != nil || !d.hub.open(l) {
				t.Fatal(err)
			}
			d.hub.notify([]string{channel})
			if heard := len(l.news) == 1; heard != want {
				t.Errorf("%v with %q hears of channel %s: %v", test.person, test.asks, channel, heard)
			}
		}
	}
}

// TestOnlySoManyPagesListen: one person's pages take no room from another's.
func TestOnlySoManyPagesListen(t *testing.T) {
	h := newHub()
	var hers []*listening
	for i := range mostOpenEach + 1 {
		l := &listening{person: "mia"}
		if opened := h.open(l); opened != (i < mostOpenEach) {
			t.Fatalf("page %d: %v", i, opened)
		}
		hers = append(hers, l)
	}
	for i := range mostOpen - mostOpenEach + 1 {
		if opened := h.open(&listening{person: fmt.Sprint("person ", i)}); opened != (i < mostOpen-mostOpenEach) {
			t.Fatalf("person %d: %v", i, opened)
		}
	}
	h.leave(hers[0])
	if !h.open(&listening{person: "bob"}) {
		t.Error("whoever leaves makes no room")
	}
}
