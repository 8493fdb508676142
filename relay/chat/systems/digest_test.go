package systems_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
)

func TestADigestHasALineForEachCard(t *testing.T) {
	entries := []chat.Entry{
		{Connector: "go-blog", Card: card.Card{Title: "Go 1.26 is *out*", Text: "Read on.", Actions: []card.Action{
			{Type: card.HTTPPost, Name: "Approve", Target: card.Destination{URL: "https://example.com/approve"}},
			link("Read", "https://go.dev/blog/go1.26"), link("Feed", "https://go.dev/blog/feed.atom"),
		}}},
		{Connector: "github", Card: card.Card{Summary: "Ada opened #17 <at>all</at> [x](javascript:alert(1))", Sections: []card.Section{
			{Actions: []card.Action{link("Diff", "https://example.com/a_(b)")}},
		}}},
		{Connector: "re_lay", Card: card.Card{Text: "- a list\n- of two"}},
		{Connector: "go-blog", Card: card.Card{Title: "Bad link", Actions: []card.Action{link("x", "javascript:alert(1)")}}},
		{Connector: "go-blog", Card: card.Card{Sections: []card.Section{{Facts: []card.Fact{{Name: "n", Value: "v"}}}}}},
	}
	want := card.Card{
		Title: "5 cards from 3 connectors", Summary: "5 cards from 3 connectors",
		Text: strings.Join([]string{
			"- [Go 1.26 is out](https://go.dev/blog/go1.26) · go-blog",
			`- [Ada opened \#17 &lt;at\>all&lt;/at\> x](https://example.com/a_%28b%29) · github`,
			`- a list of two · re\_lay`,
			"- Bad link · go-blog",
			"- n: v · go-blog",
		}, "\n"),
	}
	got := chat.Digest(entries...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
	if title := chat.Digest(entries[0], entries[3]).Title; title != "2 cards from go-blog" {
		t.Errorf("of one connector: %q", title)
	}
}

// A digest is cut nowhere by itself: a headline is, and what does not fit a chat
// system is told by its format.
func TestADigestsLinesStayShort(t *testing.T) {
	entries := make([]chat.Entry, 30)
	for i := range entries {
		entries[i] = chat.Entry{Connector: "feed", Card: card.Card{Title: fmt.Sprint(i, strings.Repeat(" word", 1000)), Actions: []card.Action{link("Open", fmt.Sprint("https://example.com/", i))}}}
	}
	lines := strings.Split(chat.Digest(entries...).Text, "\n")
	if len(lines) != len(entries) {
		t.Fatalf("%d lines for %d cards", len(lines), len(entries))
	}
	for i, line := range lines {
		if len(line) > 250 || !strings.HasSuffix(line, fmt.Sprintf("](https://example.com/%d) · feed", i)) {
			t.Errorf("line %d: %s", i, line)
		}
	}
}
