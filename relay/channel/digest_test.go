package channel

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// several returns deliveries with titles of so many characters.
func several(t *testing.T, n, title int) []delivery.Delivery {
	t.Helper()
	list := make([]delivery.Delivery, n)
	for i := range list {
		c := card.Card{
			Title:   fmt.Sprintf("Build %d %s", i, strings.Repeat("x", title)),
			Actions: []card.Action{{Type: card.OpenURI, Name: "Open", Targets: []card.Target{{OS: "default", URI: fmt.Sprint("https://ci.example.com/", i)}}}},
		}
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = delivery.Delivery{ID: int64(i + 1), Channel: "dev", Connector: "ci", Event: int64(i), Key: fmt.Sprint("build-", i), State: delivery.Waiting, Card: b}
	}
	return list
}

func TestSeveralCardsGoAsOneDigest(t *testing.T) {
	for _, typ := range []string{"office365", "teams", "webhook"} {
		t.Run(typ, func(t *testing.T) {
			var bodies []string
			s := web(t, func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				bodies = append(bodies, string(b))
				if typ == "office365" {
					_, _ = io.WriteString(w, "1")
				}
			})
			o, carried := open(t, typ, s.URL).Gather(t.Context(), several(t, 12, 5))
			if carried != 12 || o.Verdict != delivery.VerdictDelivered && o.Verdict != delivery.VerdictAccepted || len(o.Omitted) > 0 || len(bodies) != 1 {
				t.Fatalf("carried %d in %d requests: %+v", carried, len(bodies), o)
			}
			if !strings.Contains(bodies[0], "12 cards from ci") {
				t.Errorf("no title: %s", bodies[0])
			}
			for i := range 12 {
				if !strings.Contains(bodies[0], fmt.Sprintf("https://ci.example.com/%d)", i)) {
					t.Errorf("card %d or its link is missing: %s", i, bodies[0])
				}
			}
		})
	}
}

// TestADigestMentionsNobody: each of its cards comes from a connector of its own, with
// logins of its own.
func TestADigestMentionsNobody(t *testing.T) {
	var body string
	s := web(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(b)
		_, _ = io.WriteString(w, "ok")
	})
	list := several(t, 2, 0)
	list[1].Connector, list[1].Card = "trello", []byte(`{"title":"@ada moved **a card** [x](javascript:alert)"}`)
	c := open(t, "slack", s.URL, func(s *Spec) {
		s.People = func(connector, _ string) (chat.Person, bool) {
			return chat.Person{ID: "U1", Name: "Ada"}, connector == "ci"
		}
	})
	if o, carried := c.Gather(t.Context(), list); o.Verdict != delivery.VerdictDelivered || carried != 2 {
		t.Fatalf("%+v, carried %d", o, carried)
	}
	if strings.Contains(body, "U1") || !strings.Contains(body, `"@ada moved a card x · trello"`) {
		t.Errorf("sent: %s", body)
	}
}

// A digest carries what fits whole: never a card without its headline or link.
func TestADigestTakesNoMoreThanFits(t *testing.T) {
	s := web(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1") })
	c := open(t, "office365", s.URL)
	o, carried := c.Gather(t.Context(), several(t, 400, 200))
	if carried < 10 || carried >= 400 || o.Bytes > 20_000 || len(o.Omitted) > 0 || o.Verdict != delivery.VerdictDelivered {
		t.Errorf("carried %d: %+v", carried, o)
	}
}

func TestADigestThatHasNoRoomIsACard(t *testing.T) {
	var titles []string
	s := web(t, func(_ http.ResponseWriter, r *http.Request) {
		var c card.Card
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Error(err)
		}
		titles = append(titles, c.Title)
	})
	c := open(t, "webhook", s.URL)
	list := several(t, 3, 0)
	c.form.Limits = size.Limits{size.Bytes.AtMost(len(list[0].Card)+10, "this test")}
	if o, carried := c.Gather(t.Context(), list); carried != 1 || o.Verdict != delivery.VerdictDelivered {
		t.Errorf("carried %d: %+v", carried, o)
	}
	c = open(t, "webhook", s.URL)
	list[1].Card = []byte("{")
	if o, carried := c.Gather(t.Context(), list); carried != 1 || o.Verdict != delivery.VerdictDelivered {
		t.Errorf("before one that cannot be read: carried %d: %+v", carried, o)
	}
	if o, carried := c.Gather(t.Context(), list[1:]); carried != 1 || o.Verdict != delivery.VerdictRejected {
		t.Errorf("one that cannot be read: carried %d: %+v", carried, o)
	}
	if got := strings.Join(titles, ","); got != "Build 0 ,Build 0 " {
		t.Errorf("sent: %q", got)
	}
	inbox := open(t, "inbox", "")
	if o, carried := inbox.Gather(t.Context(), several(t, 3, 0)); carried != 1 || o.Verdict != delivery.VerdictDelivered {
		t.Errorf("an inbox: carried %d: %+v", carried, o)
	}
}

func TestADigestIsToldByAllItsCards(t *testing.T) {
	var ids []string
	s := web(t, func(_ http.ResponseWriter, r *http.Request) { ids = append(ids, r.Header.Get("webhook-id")) })
	c := open(t, "webhook", s.URL)
	list := several(t, 3, 0)
	for _, n := range []int{3, 3, 2, 1} {
		c.Gather(t.Context(), list[:n])
	}
	if ids[0] != ids[1] || ids[0] == ids[2] || ids[2] == ids[3] {
		t.Errorf("the same three, the same three, two of them, one: %q", ids)
	}
}

func TestADigestsTroubleIsJudgedAsACards(t *testing.T) {
	for status, verdict := range map[int]delivery.Verdict{
		429: delivery.VerdictThrottled, 500: delivery.VerdictFailed, 400: delivery.VerdictRejected, 404: delivery.VerdictRefused,
	} {
		s := web(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if o, carried := open(t, "webhook", s.URL).Gather(t.Context(), several(t, 3, 0)); o.Verdict != verdict || carried != 3 {
			t.Errorf("%d: %+v, carried %d", status, o, carried)
		}
	}
	lost := open(t, "webhook", "https://example.com", with("url", "nothing"))
	if o, carried := lost.Gather(t.Context(), several(t, 3, 0)); o.Verdict != delivery.VerdictRefused || carried != 3 {
		t.Errorf("without a URL: %+v, carried %d", o, carried)
	}
}
