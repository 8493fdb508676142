package systems_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
)

// parts draws cards of which every part can be told from every other.
type parts struct {
	t *rapid.T
	// words and addresses are what has to come out.
	words, addresses []string
}

func (p *parts) word() string {
	w := fmt.Sprintf("w%03dx", len(p.words))
	p.words = append(p.words, w)
	return w
}

func (p *parts) address(ending string) string {
	a := fmt.Sprintf("e.example/u%03dx", len(p.addresses))
	p.addresses = append(p.addresses, a)
	return "https://" + a + ending
}

func (p *parts) choose(list ...string) string { return rapid.SampledFrom(list).Draw(p.t, "form") }

func (p *parts) some(most int) int { return rapid.IntRange(0, most).Draw(p.t, "n") }

// line is a text of one line, in Markdown or HTML.
func (p *parts) line() string {
	var pieces []string
	for range 1 + p.some(3) {
		switch p.choose("word", "bold", "b", "i", "code", "link", "a", "escaped", "picture", "img", "address", "generic", "struck", "unclosed") {
		case "bold":
			pieces = append(pieces, "**"+p.word()+"**")
		case "b":
			pieces = append(pieces, "<b>"+p.word()+"</b>")
		case "i":
			pieces = append(pieces, "<i>"+p.word()+" *"+p.word()+"*</i>")
		case "struck":
			pieces = append(pieces, "~~"+p.word()+"~~ <strike>"+p.word()+"</strike>")
		case "code":
			pieces = append(pieces, "`"+p.word()+"` <code>"+p.word()+"</code>")
		case "link":
			pieces = append(pieces, "["+p.word()+"]("+p.address("")+")")
		case "a":
			pieces = append(pieces, `<a href="`+p.address("")+`">`+p.word()+"</a>")
		case "picture":
			pieces = append(pieces, "!["+p.word()+"]("+p.address(".png")+")")
		case "img":
			pieces = append(pieces, `<img alt="`+p.word()+`" src="`+p.address(".png")+`">`)
		case "address":
			pieces = append(pieces, p.address(""))
		case "escaped":
			pieces = append(pieces, card.Escape("*"+p.word()+"* <"+p.word()+"> _x_"))
		case "generic":
			pieces = append(pieces, "List<"+p.word()+"> < "+p.word())
		case "unclosed":
			pieces = append(pieces, "<u>"+p.word()+" **"+p.word())
		default:
			pieces = append(pieces, p.word())
		}
	}
	return strings.Join(pieces, p.choose(" ", ", ", " – "))
}

// text is a text of several blocks.
func (p *parts) text() string {
	var blocks []string
	for range p.some(3) {
		switch p.choose("line", "lines", "list", "ul", "ol", "quote", "blockquote", "fence", "pre", "table", "rows", "heading", "h2", "p", "marks") {
		case "lines":
			blocks = append(blocks, p.line()+p.choose("\n", "<br>", "\r", "<br/>\n")+p.line())
		case "list":
			blocks = append(blocks, "- "+p.line()+"\n- "+p.line()+"\n  - "+p.word())
		case "ul":
			blocks = append(blocks, "<ul><li>"+p.line()+"</li><li>"+p.line()+"</ul>")
		case "ol":
			blocks = append(blocks, "before <ol><li>"+p.line()+"</li></ol> "+p.word())
		case "quote":
			blocks = append(blocks, "> "+p.line())
		case "blockquote":
			blocks = append(blocks, "<blockquote>"+p.line()+"</blockquote>")
		case "fence":
			blocks = append(blocks, "```\n"+p.word()+"\n```")
		case "pre":
			blocks = append(blocks, "<pre>"+p.word()+"\n\n"+p.word()+"</pre>"+p.word())
		case "table":
			blocks = append(blocks, "| "+p.word()+" | b |\n|---|---|\n| "+p.line()+" | "+p.word()+" |")
		case "rows":
			blocks = append(blocks, "<table><tr><td>"+p.line()+"<td>"+p.word()+"</tr><tr><td>"+p.word()+"</td></tr></table>")
		case "heading":
			blocks = append(blocks, "## "+p.line())
		case "h2":
			blocks = append(blocks, "<h2>"+p.line()+"</h2>"+p.word())
		case "p":
			blocks = append(blocks, "<p>"+p.line()+"<p>"+p.line())
		case "marks":
			blocks = append(blocks, "*****", p.word())
		default:
			blocks = append(blocks, p.line())
		}
	}
	return strings.Join(blocks, "\n\n")
}

func (p *parts) maybe(draw func() string) string {
	if rapid.Bool().Draw(p.t, "there") {
		return draw()
	}
	return ""
}

func (p *parts) actions() []card.Action {
	var list []card.Action
	for range p.some(2) {
		switch p.choose("link", "post", "form") {
		case "link":
			list = append(list, link(p.word(), p.address("")))
		case "post":
			list = append(list, card.Action{Type: card.HTTPPost, Name: p.word(), Target: card.Destination{URL: "https://p.example/"}})
		default:
			list = append(list, card.Action{
				Type: card.ActionCard, Name: p.word(), Inputs: []card.Input{{Type: card.TextInput, ID: "a"}}, Actions: []card.Action{link(p.word(), p.address(""))},
			})
		}
	}
	return list
}

func (p *parts) section() card.Section {
	s := card.Section{
		Title: p.maybe(p.line), ActivityTitle: p.maybe(p.line), ActivitySubtitle: p.maybe(p.line), ActivityText: p.maybe(p.text), Text: p.maybe(p.text),
		StartGroup: rapid.Bool().Draw(p.t, "group"), Actions: p.actions(),
	}
	switch p.choose("none", "avatar", "article") {
	case "avatar":
		s.ActivityImage = "https://e.example/ada.png" // which only decorates
	case "article":
		s.ActivityImage, s.ActivityImageType = p.address(".png"), "article"
	}
	for range p.some(3) {
		s.Facts = append(s.Facts, card.Fact{Name: p.line() + p.choose("", ":"), Value: p.line()})
	}
	for range p.some(2) {
		s.Images = append(s.Images, card.Image{URL: p.address(".png"), Title: "a tooltip"})
	}
	return s
}

func (p *parts) card() card.Card {
	c := card.Card{Title: p.maybe(p.line), Text: p.maybe(p.text), Actions: p.actions()}
	for range p.some(3) {
		c.Sections = append(c.Sections, p.section())
	}
	if c.Title+c.Text == "" && len(c.Sections) == 0 {
		c.Text = p.word()
	}
	return c
}

// written is a payload with all that its encoding and its marks put into words.
func written(p chat.Payload) string {
	s := string(p.Body)
	if p.ContentType == "application/x-www-form-urlencoded" {
		if values, err := url.ParseQuery(s); err == nil {
			s = values.Get("topic") + " " + values.Get("content")
		}
	} else {
		var v any
		if json.Unmarshal(p.Body, &v) == nil {
			s = fmt.Sprint(v)
		}
	}
	return strings.NewReplacer("\u200b", "", `\`, "").Replace(html.UnescapeString(s))
}

// TestNothingGoesWithoutBeingNamed: what a card has is in what each chat system gets, or
// the card says that something of its kind is left out.
func TestNothingGoesWithoutBeingNamed(t *testing.T) {
	all := forms()
	token := regexp.MustCompile(`w\d{3}x|e\.example/u\d{3}x`)
	rapid.Check(t, func(t *rapid.T) {
		p := &parts{t: t}
		c := p.card()
		for _, f := range all {
			payload, err := f.Render(t.Context(), c, chat.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(payload.Omitted) > 0 {
				continue // it is named; TestTheCutIsNamed and others look at the words
			}
			there := make(map[string]bool)
			for _, found := range token.FindAllString(written(payload), -1) {
				there[found] = true
			}
			for _, want := range append(p.words, p.addresses...) {
				if !there[want] {
					in, _ := c.MarshalJSON()
					t.Fatalf("%s: %s is gone\n%s\n%s", f.Name, want, in, payload.Body)
				}
			}
		}
	})
}

// TestANameThatEndsInAColonGetsNoOther, and what a line leads to is linked elsewhere where
// the line can hold no links.
func TestANameThatEndsInAColonGetsNoOther(t *testing.T) {
	c := card.Card{Title: "t", Sections: []card.Section{{
		ActivityTitle: "Build [#12](https://e.example/12) failed", ActivitySubtitle: "in [shop](https://e.example/shop)",
		Facts: []card.Fact{{Name: "Status:", Value: "down"}, {Name: "Mask", Value: "*****"}},
	}}}
	for _, f := range forms() {
		p, err := f.Render(t.Context(), c, chat.Options{})
		if err != nil {
			t.Fatal(err)
		}
		said := written(p)
		if strings.Contains(said, "::") {
			t.Errorf("%s doubles the colon: %s", f.Name, said)
		}
		for _, want := range []string{"https://e.example/12", "https://e.example/shop", "Status", "*****"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s has no %s: %s", f.Name, want, said)
			}
		}
	}
}
