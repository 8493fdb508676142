package trello

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/connector/kinds"
)

func TestTheFirstPollCountsOnlyWhatIsPosted(t *testing.T) {
	s := newService(t)
	s.happens("commentCard", commented)
	s.happens("commentCard", commented)
	s.happens("updateCard", `{"card":{"name":"Parser"},"old":{"pos":1}}`)
	s.happens("updateCard", `{"card":{"name":"Parser"},"old":{"pos":2}}`)
	want(t, s.poll(s.client(map[string]any{"initial": 1}), nil).Events(), "Ada commented on Parser")
}

func TestWhatIsLeftOutIsSaid(t *testing.T) {
	s := newService(t)
	c := s.client(nil)
	s.happens("commentCard", commented)
	first := s.poll(c, nil)
	for range maxPages*pageSize + 1 {
		s.actions = append([]map[string]any{{"id": fmt.Sprintf("654c8f2a%016x", len(s.actions)+1), "type": "voteOnCard"}}, s.actions...)
	}
	if p := s.poll(c, first.Checkpoint); !strings.Contains(p.Note, "left out") {
		t.Errorf("it says %q", p.Note)
	}
}

func TestAMemberWhoseNameCannotBeShownGoesByTheUserName(t *testing.T) {
	e, _ := (&Trello{}).event(parseAction(json.RawMessage(`{"id":"a1","type":"commentCard","data":` + commented + `,"memberCreator":{"fullName":"\u0007","username":"ada"}}`)))
	if e.Card.Title != "ada commented on Parser" {
		t.Errorf("the title is %q", e.Card.Title)
	}
}

func TestChecklistAndMemberActionsAreAllKnown(t *testing.T) {
	for _, typ := range []string{"copyChecklist", "makeObserverOfBoard"} {
		if e, ok := (&Trello{Choice: kinds.Choice{Kinds: []string{"*"}}}).event(parseAction(json.RawMessage(`{"id":"a1","type":"` + typ + `"}`))); !ok {
			t.Errorf("%s gives no event: %+v", typ, e)
		}
	}
}
