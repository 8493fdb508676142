package x

import (
	"cmp"
	"encoding/json"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// post is a post as X describes it (https://docs.x.com/x-api/fundamentals/data-dictionary).
type post struct {
	ID          string   `json:"id"`
	Text        string   `json:"text"`
	Author      string   `json:"author_id"`
	Created     string   `json:"created_at"`
	Lang        string   `json:"lang"`
	Entities    entities `json:"entities"`
	Attachments struct {
		Media []string `json:"media_keys"`
	} `json:"attachments"`
	References []reference `json:"referenced_tweets"`
	// Long is the full text of a post whose text is cut.
	Long *struct {
		Text     string   `json:"text"`
		Entities entities `json:"entities"`
	} `json:"note_tweet"`
}

type entities struct {
	URLs []link `json:"urls"`
}

// link is a link in a text. Start and End count characters, not bytes.
type link struct {
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Expanded string `json:"expanded_url"`
	Display  string `json:"display_url"`
	Media    string `json:"media_key"`
}

type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type user struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
	Picture  string `json:"profile_image_url"`
}

// shown returns the name by which people know the user.
func (u user) shown() string {
	return cmp.Or(card.Escape(oneLine(u.Name)), card.Escape(oneLine(u.Username)), "Somebody")
}

type media struct {
	Key     string `json:"media_key"`
	URL     string `json:"url"`
	Preview string `json:"preview_image_url"`
	Alt     string `json:"alt_text"`
}

// includes holds what came along with posts.
type includes struct {
	Users []user  `json:"users"`
	Media []media `json:"media"`
	Posts []post  `json:"tweets"`
}

func (in includes) user(id string) user {
	if i := slices.IndexFunc(in.Users, func(u user) bool { return u.ID == id }); i >= 0 {
		return in.Users[i]
	}
	return user{}
}

// relation is how a kind of post relates to another post: X's word, and a verb.
type relation struct{ word, verb string }

// table lists the kinds of posts. Those that are off by default have arguments of their own.
func table() kinds.Table[relation] {
	return kinds.Table[relation]{
		{Name: "post", Doc: "A post.", Own: relation{verb: "posted"}},
		{Name: "quote", Doc: "A post that quotes another.", Own: relation{"quoted", "quoted"}},
		{Name: "reply", Doc: "A reply.", Noise: true, Own: relation{"replied_to", "replied"}},
		{Name: "repost", Doc: "A repost of another's post.", Noise: true, Own: relation{"retweeted", "reposted"}},
	}
}

// kind returns the kind of a post.
func (p post) kind() kinds.Kind[relation] {
	all := table()
	for _, r := range p.References {
		if i := slices.IndexFunc(all, func(k kinds.Kind[relation]) bool { return k.Own.word == r.Type }); i > 0 {
			return all[i]
		}
	}
	return all[0]
}

const maxText = 1000

// event makes an event from a post; it reports false when nobody asked for that kind.
func (x *X) event(p post, in includes) (event.Event, bool) {
	kind := p.kind().Name
	if !isNumber(p.ID) || kind == "reply" && !x.Replies || kind == "repost" && !x.Reposts {
		return event.Event{}, false
	}
	at, err := time.Parse(time.RFC3339, p.Created)
	if err != nil {
		at = time.Time{}
	}
	return event.Event{Key: "post:" + p.ID, Kind: kind, Time: at, Card: draw(p, in), Data: data(p, in)}, true
}

func draw(p post, in includes) card.Card {
	by := in.user(p.Author)
	who := by.shown()
	h := card.Happening{Title: who + " " + p.kind().Own.verb, Text: p.markdown(), Color: "0F1419", Who: who, Picture: by.Picture, Address: address(p, by), Button: "Open on X"}
	if isHandle(by.Username) {
		h.Who, h.Where = "["+who+"](https://x.com/"+by.Username+")", "@"+card.Escape(by.Username)
	}
	c := h.Card()
	section := &c.Sections[0]
	if quoted := p.quoted(in); quoted != nil {
		section.Text = quote(*quoted, in)
	}
	for _, m := range in.Media {
		at := cmp.Or(m.URL, m.Preview)
		if slices.Contains(p.Attachments.Media, m.Key) && card.Web(at) != "" && section.HeroImage == nil {
			section.HeroImage = &card.Image{URL: at, Title: oneLine(m.Alt)}
		}
	}
	return c
}

// address returns the page of a post.
func address(p post, by user) string {
	if isHandle(by.Username) {
		return "https://x.com/" + by.Username + "/status/" + p.ID
	}
	return "https://x.com/i/status/" + p.ID
}

// quoted returns the post that another one quotes or reposts, if it came along.
func (p post) quoted(in includes) *post {
	for _, r := range p.References {
		if i := slices.IndexFunc(in.Posts, func(o post) bool { return o.ID == r.ID }); i >= 0 && r.Type != "replied_to" {
			return &in.Posts[i]
		}
	}
	return nil
}

func quote(p post, in includes) string {
	return "**" + in.user(p.Author).shown() + "**: " + p.markdown()
}

// markdown returns a post's text with its links written out: X's own lead to t.co, which
// does not show where they go.
func (p post) markdown() string {
	text, links := p.Text, p.Entities.URLs
	if p.Long != nil && p.Long.Text != "" {
		text, links = p.Long.Text, p.Long.Entities.URLs
	}
	characters := []rune(text)
	links = slices.Clone(links)
	slices.SortFunc(links, func(a, b link) int { return cmp.Compare(a.Start, b.Start) })
	var b strings.Builder
	at := 0
	for _, l := range links {
		if l.Start < at || l.End > len(characters) || l.End <= l.Start {
			continue
		}
		b.WriteString(literal(string(characters[at:l.Start])))
		b.WriteString(l.markdown())
		at = l.End
	}
	b.WriteString(literal(string(characters[at:])))
	return card.Cut(strings.TrimSpace(b.String()), maxText)
}

// literal returns a text as it was written. X escapes &, < and > as HTML does.
func literal(s string) string { return card.Escape(html.UnescapeString(s)) }

func (l link) markdown() string {
	if l.Media != "" {
		return "" // the card shows the picture
	}
	if card.Web(l.Expanded) == "" {
		return card.Escape(l.Display)
	}
	return "[" + card.Escape(oneLine(cmp.Or(l.Display, l.Expanded))) + "](" + strings.NewReplacer("(", "%28", ")", "%29").Replace(l.Expanded) + ")"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// data returns what routes may test.
func data(p post, in includes) json.RawMessage {
	by := in.user(p.Author)
	b, err := json.Marshal(map[string]any{
		"id": p.ID, "kind": p.kind().Name, "text": html.UnescapeString(p.Text), "lang": p.Lang, "url": address(p, by),
		"author": map[string]any{"id": p.Author, "name": by.Name, "username": by.Username},
	})
	if err != nil {
		return nil // texts can always be encoded
	}
	return b
}

// sample returns a kind's sample, with everything that a post can have.
func sample(k kinds.Kind[relation]) event.Event {
	in := includes{
		Users: []user{{ID: "1", Name: "Ada", Username: "ada", Picture: "https://pbs.twimg.com/profile_images/1/a.jpg"}, {ID: "2", Name: "Grace", Username: "grace"}},
		Media: []media{{Key: "3_1", URL: "https://pbs.twimg.com/media/a.jpg", Alt: "The room"}},
		Posts: []post{{ID: "20", Text: "It works.", Author: "2"}},
	}
	p := post{ID: "21", Text: "Version 1.0 is out: https://t.co/a", Author: "1", Created: "2026-11-20T09:30:00.000Z", Lang: "en"}
	p.Entities.URLs = []link{{Start: 20, End: 34, Expanded: "https://example.com/notes", Display: "example.com/notes"}}
	p.Attachments.Media = []string{"3_1"}
	if k.Own.word != "" {
		p.References = []reference{{Type: k.Own.word, ID: "20"}}
	}
	e, _ := (&X{Replies: true, Reposts: true}).event(p, in)
	return e
}
