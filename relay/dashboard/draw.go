package dashboard

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/shrink"
	"github.com/connector-relay/relay/relay/operator"
)

// functions are what the templates can call.
func (d *Dashboard) functions() template.FuncMap {
	pen := pen{markup.NewParser(), markup.HTML(), newPolicy()}
	return template.FuncMap{
		"excerpt": func(d operator.Delivery) drawing {
			return pen.draw(d.Card, excerptRoom, "/deliveries/"+strconv.FormatInt(d.ID, 10))
		},
		"drawn":    func(card []byte) drawing { return pen.draw(card, excerptRoom, "") },
		"fate":     fateMark,
		"alone":    func(card []byte) drawing { return pen.draw(card, wholeRoom, "") },
		"verdict":  verdictMark,
		"plugin":   pluginMark,
		"change":   changeMark,
		"file":     fileURL,
		"markAs":   func(kind, word string) mark { return mark{kind, word} },
		"outcome":  outcomeMark,
		"payload":  bodyText,
		"ownName":  isOwnName,
		"size":     size,
		"clock":    func(t time.Time) string { return t.Format(time.TimeOnly) },
		"indented": indented,
		"ago":      func(t time.Time) string { return ago(d.options.Now(), t) },
		"exact":    func(t time.Time) string { return t.Format(time.RFC3339) },
		"took":     took,
		"counted":  counted,
		"prose":    prose,
		"state":    deliveryMark,
		"lane":     laneMark,
		"health":   healthMark,
		"icon":     icon,
		"again":    func(asked url.Values) string { return with(asked, "before", "") },
		"either": func(first bool, a, b string) string {
			if first {
				return a
			}
			return b
		},
		"spark":   spark,
		"static":  d.static.url,
		"segment": url.PathEscape,
		"web":     func(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") },
		"digest":  digest,
		"first":   func(list []operator.Event) []operator.Event { return list[:min(len(list), mostTried)] },
		"rest":    func(list []operator.Event) []operator.Event { return list[min(len(list), mostTried):] },
		"picture": d.options.Pictures.Address,
		"color":   color,
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

// How many bytes of a card a page shows: among other cards, and alone. What strangers
// post should not make a page that no browser shows.
const (
	excerptRoom = 4 << 10
	wholeRoom   = 64 << 10
)

// pen draws cards.
type pen struct {
	parser  markup.Parser
	dialect markup.Dialect
	policy  *bluemonday.Policy
}

// drawing is a card as far as a page shows it, or what is wrong with it.
type drawing struct {
	card.Card
	Problem string
	// Omitted says what is not shown, and More where it is, or more of it.
	Omitted, More string
	pen           pen
	reader        *markup.Reader
}

func (p pen) draw(b []byte, room int, more string) drawing {
	c, err := card.Parse(b)
	if err != nil {
		return drawing{Problem: err.Error()}
	}
	d := drawing{pen: p, reader: p.parser.Reader(nil), More: more}
	var lost shrink.Losses
	d.Card, lost = shrink.Excerpt(c, room)
	d.Omitted = strings.Join(lost.Words(), ", ")
	return d
}

// Prose is a text of the card or of a section, and Line one that has a line only. They are
// read as for the chat systems; a section says whether its texts are Markdown.
func (d drawing) Prose(s string, markdown *bool) template.HTML {
	return d.pen.clean(d.pen.dialect.Write(d.reader.Section(markdown)(s)))
}

func (d drawing) Line(s string, markdown *bool) template.HTML {
	return d.pen.clean(d.pen.dialect.Line(d.reader.Section(markdown)(s).Inline()))
}

func (p pen) clean(html string) template.HTML { return template.HTML(p.policy.Sanitize(html)) }

// color is a card's colour as a page says it, or nothing if it has none. An attribute of a
// drawing takes it, because the pages allow no style that they do not serve.
func color(hex string) string {
	if len(hex) == 6 && strings.Trim(hex, "0123456789abcdefABCDEF") == "" {
		return "#" + hex
	}
	return ""
}
