package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/spelling"
)

const (
	defaultRetryFirst   = time.Second
	defaultRetryLongest = 15 * time.Minute
	mostConcurrency     = 100
	mostBurst           = 10_000
)

// channelSchema is what may stand in a channel's block: what every channel's may, and the
// settings of each chat system.
func (f *File) channelSchema() language.Schema {
	s := language.Schema{
		Title: "a channel block",
		Attributes: []language.Attribute{
			{Name: "type", Required: true, Doc: "which chat system it is, " + language.List(language.Quoted(f.systems.Names()), "or")},
			{Name: "rate"},
			{Name: "burst"},
			{Name: "concurrency"},
			{Name: "team"},
			{Name: "for_each"},
		},
		Blocks: []language.Block{
			{Name: "retry", Once: true},
			{Name: "http", Once: true},
			{Name: "quiet", Once: true},
			{Name: "digest", Once: true},
		},
	}
	for _, setting := range f.systems.Settings() {
		s.Attributes = append(s.Attributes, language.Attribute{Name: setting.Name})
	}
	return s
}

func (f *File) channel(in instance) {
	body := in.block.Body
	c := Channel{Name: in.name, Range: in.block.DefRange(), Settings: make(chat.Settings)}
	f.add(f.check(f.channelSchema(), body, c.Range)...)
	var known bool
	if c.System, known = f.channelType(body); known {
		f.channelSettings(&c, body)
		f.refuseBlocks(c.System, body)
	} else {
		f.looseSettings(body)
	}
	if rate, burst, ok := f.readRate(body, "cards"); ok {
		c.Rate, c.Burst = rate, burst
	}
	c.Concurrency, _ = f.readCount(body, "concurrency", mostConcurrency, 1)
	c.Team, _ = f.readReference(body, "team", f.teams)
	c.Retry = f.retry(body)
	c.HTTP = f.readHTTP(body, channelHTTP, f.config.Relay.HTTP)
	if c.Quiet, c.Digest = f.quiet(body), f.digest(c, body); known && !c.System.Posts() {
		c.HTTP, c.Quiet, c.Digest = outbound.Settings{}, nil, Digest{}
	}
	f.config.Channels = append(f.config.Channels, c)
}

// channelType reads the type; known is false when the other attributes cannot be
// held against it.
func (f *File) channelType(body *hclsyntax.Body) (s chat.System, known bool) {
	typ, ok := f.readText(body, "type", "one of "+language.List(language.Quoted(f.systems.Names()), "or"))
	if !ok {
		return chat.System{}, false
	}
	if s, known := f.systems.Find(typ.text()); known {
		return s, true
	}
	names := f.systems.Names()
	if typ.hidden {
		f.add(notAllowed(typ, names))
		return chat.System{}, false
	}
	detail := fmt.Sprintf("There is no channel type %s.", typ.shown())
	if suggestion := spelling.Nearest(typ.text(), names); suggestion != "" {
		detail += fmt.Sprintf(" Did you mean %q?", suggestion)
	}
	detail += " There are " + language.List(names, "and") + "."
	f.error("Unknown channel type", detail, typ.place)
	return chat.System{}, false
}

// isNull reports whether an expression is the word null.
func isNull(expr hclsyntax.Expression) bool {
	l, ok := expr.(*hclsyntax.LiteralValueExpr)
	return ok && l.Val.IsNull()
}

// checkURL looks at a URL without ever showing it.
func (f *File) checkURL(s secretSetting) {
	text, err := s.value.Reveal()
	if err != nil {
		return // the evaluation has read the file a moment ago
	}
	u, err := connector.ParseURL(text)
	switch {
	case text == "":
		f.error("Not a URL", "The URL is empty.", s.place)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		f.error("Not a URL", "The URL has a space or a line break in it, which is not shown here because a URL is a secret.", s.place)
	case err != nil:
		f.error("Not a URL", "The value is no URL that begins with https:// or http:// and a host. It is not shown here because a URL is a secret.", s.place)
	default:
		for _, system := range f.systems {
			if system.Retired == nil {
				continue
			}
			if advice := system.Retired(u); advice != "" {
				f.warn("Retired address", advice, s.place)
			}
		}
	}
}

// refuseBlocks refuses what has no meaning where cards go nowhere.
func (f *File) refuseBlocks(s chat.System, body *hclsyntax.Body) {
	if s.Posts() {
		return
	}
	reasons := map[string]string{
		"http":   "makes no requests",
		"quiet":  "disturbs nobody: its cards are read on the dashboard",
		"digest": "has room for every card",
	}
	for _, b := range body.Blocks {
		if reason := reasons[b.Type]; reason != "" {
			f.error("Block without effect", fmt.Sprintf("A channel of type %s %s. Remove the %s block.", s.Name, reason, b.Type), b.TypeRange)
		}
	}
}

// readRate reads "4/s", "60/m" or "100/h", and the burst, of what is counted: cards or
// requests.
func (f *File) readRate(body *hclsyntax.Body, counted string) (rate float64, burst int, ok bool) {
	burst, hasBurst := f.readCount(body, "burst", mostBurst, 1)
	s, ok := f.readText(body, "rate", "a number of "+counted+` in a time, such as "4/s" or "60/m"`)
	if !ok {
		if attr := body.Attributes["burst"]; hasBurst && body.Attributes["rate"] == nil {
			f.error("Attribute without effect", "The attribute burst goes with rate: how many "+counted+" may go at once before the rate counts. Add rate, such as rate = \"4/s\".", attr.NameRange)
		}
		return 0, 0, false
	}
	if rate, ok = parseRate(s.text()); !ok {
		f.error("Not a rate", fmt.Sprintf("The attribute rate cannot be %s. Write a number above 0 and a time: \"4/s\", \"60/m\" or \"100/h\".", s.shown()), s.place)
	}
	return rate, burst, ok
}

// parseRate returns how many there may be in a second.
func parseRate(text string) (float64, bool) {
	count, unit, found := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(count), 64)
	if !found || err != nil || !(n > 0) || math.IsInf(n, 0) || n > 1e6 {
		return 0, false
	}
	switch strings.TrimSpace(unit) {
	case "s":
		return n, true
	case "m":
		return n / 60, true
	case "h":
		return n / 3600, true
	}
	return 0, false
}

func retrySchema() language.Schema {
	return language.Schema{
		Title:      "a retry block",
		Attributes: []language.Attribute{{Name: "first"}, {Name: "longest"}, {Name: "give_up_after"}},
	}
}

func (f *File) retry(body *hclsyntax.Body) Retry {
	var r Retry
	for _, block := range body.Blocks {
		if block.Type != "retry" {
			continue
		}
		f.add(f.check(retrySchema(), block.Body, block.DefRange())...)
		r.First = f.readDuration(block.Body, "first", time.Millisecond, 0)
		r.Longest = f.readDuration(block.Body, "longest", time.Millisecond, 0)
		r.GiveUpAfter = f.readDuration(block.Body, "give_up_after", time.Second, 0)
		first, longest := r.First, r.Longest
		if first == 0 {
			first = defaultRetryFirst
		}
		if longest == 0 {
			longest = defaultRetryLongest
		}
		if first > longest {
			f.error("Contradiction", fmt.Sprintf("The first wait (%s) is longer than the longest (%s). Change first or longest.", first, longest), block.DefRange())
		}
		break
	}
	return r
}
