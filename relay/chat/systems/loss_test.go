package systems_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
)

// TestACardSaysOnceWhatItLost: of twenty pictures a section shows five, and the facts
// leave no room for those.
func TestACardSaysOnceWhatItLost(t *testing.T) {
	c := card.Card{Title: "Much", Sections: []card.Section{{Facts: manyFacts(500)}}}
	for i := range 20 {
		c.Sections[0].Images = append(c.Sections[0].Images, card.Image{URL: fmt.Sprintf("https://example.com/%d.png", i)})
	}
	for _, test := range []struct {
		images int
		want   string
	}{{20, "20 pictures left out"}, {10, "10 pictures left out"}, {1, "1 picture left out"}} {
		c.Sections[0].Images = c.Sections[0].Images[:test.images]
		p, err := named("office365").Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var sent card.Card
		if sent, err = card.Parse(p.Body); err != nil {
			t.Fatal(err)
		}
		facts := fmt.Sprintf("%d facts left out", 500-len(sent.Sections[0].Facts))
		if diff := cmp.Diff([]string{test.want, facts}, p.Omitted); diff != "" {
			t.Errorf("%d pictures: -want +got\n%s", test.images, diff)
		}
		if said := sent.Sections[len(sent.Sections)-1].Text; !strings.Contains(said, "Shortened: "+test.want+", "+facts+".") {
			t.Errorf("%d pictures: the card says %q", test.images, said)
		}
	}
}
