package dashboard

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format/markup"
	"github.com/connector-relay/relay/relay/store"
)

// functions are what the templates can call.
func (d *Dashboard) functions() template.FuncMap {
	parser, dialect, policy := markup.NewParser(), markup.HTML(), newPolicy()
	clean := func(html string) template.HTML { return template.HTML(policy.Sanitize(html)) }
	return template.FuncMap{
		"markdown": func(s string) template.HTML { return clean(dialect.Write(parser.Parse(s, nil))) },
		"line":     func(s string) template.HTML { return clean(dialect.Line(parser.Parse(s, nil).Inline())) },
		"card":     parse,
		"ago":      func(t time.Time) string { return ago(d.options.Now(), t) },
		"exact":    func(t time.Time) string { return t.Format(time.RFC3339) },
		"words":    words,
		"digest":   digestOf,
		"took":     func(t time.Duration) string { return t.Round(time.Millisecond).String() },
		"web":      func(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") },
		"picture":  func(s string) bool { return strings.HasPrefix(s, "https://") },
		"color":    color,
	}
}

// newPolicy allows what the dialect makes and nothing that runs, loads or tracks:
// what strangers write meets two fences.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https", "http", "mailto")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}

// parsed is a card, or what is wrong with it: a page shows either.
type parsed struct {
	card.Card
	Problem string
}

func parse(b []byte) parsed {
	c, err := card.Parse(b)
	if err != nil {
		return parsed{Problem: err.Error()}
	}
	return parsed{Card: c}
}

// color is a card's colour for a style, if it is one.
func color(hex string) template.CSS {
	if len(hex) == 6 && strings.Trim(hex, "0123456789abcdefABCDEF") == "" {
		return template.CSS("#" + hex)
	}
	return "var(--brand)"
}

// words are a state as people say it.
func words(s delivery.State) string {
	if s == delivery.Accepted {
		return "accepted by the flow"
	}
	return string(s)
}

// digest is where a card arrived together with others.
type digest struct {
	ID     int64
	Others int
}

// digestOf returns the digest in which a delivery arrived; nil when it was none.
func digestOf(s store.Summary) *digest {
	if arrived := s.State == delivery.Delivered || s.State == delivery.Accepted; !arrived || s.Digest == 0 || s.Last == nil {
		return nil
	}
	return &digest{ID: s.Digest, Others: s.Last.Gathered - 1}
}

// ago is how long ago or how soon a time is.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
