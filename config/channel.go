package config

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

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

func channelSchema() language.Schema {
	return language.Schema{
		Title: "a channel block",
		Attributes: []language.Attribute{
			{Name: "type", Required: true, Doc: "which chat system it is, " + language.List(language.Quoted(channelTypeNames()), "or")},
			{Name: "url"},
			{Name: "payload"},
			{Name: "secret"},
			{Name: "rate"},
			{Name: "burst"},
			{Name: "concurrency"},
			{Name: "team"},
			{Name: "to"},
			{Name: "topic"},
			{Name: "user"},
			{Name: "token"},
			{Name: "card_version"},
			{Name: "thread"},
			{Name: "answer"},
		},
		Blocks: []language.Block{
			{Name: "retry", Once: true},
			{Name: "http", Once: true},
			{Name: "quiet", Once: true},
			{Name: "digest", Once: true},
		},
	}
}

func (f *File) channel(block *hclsyntax.Block) {
	body := block.Body
	c := Channel{Name: block.Labels[0], Range: block.DefRange()}
	f.add(f.check(channelSchema(), body, c.Range)...)
	kind, known := f.channelType(body)
	c.Type = kind.name
	if known {
		f.channelPayload(&c, kind, body)
		f.channelURL(&c, kind, body)
		f.channelSecret(&c, kind, body)
		f.channelSettings(&c, kind, body)
		f.refuseBlocks(kind, body)
	} else {
		f.readSecret(body, "url", "a URL")
		f.readSecret(body, "secret", "a text")
		f.readSecret(body, "token", "a text")
		f.readText(body, "payload", "a text")
	}
	if rate, burst, ok := f.readRate(body, "cards"); ok {
		c.Rate, c.Burst = rate, burst
	}
	c.Concurrency, _ = f.readCount(body, "concurrency", mostConcurrency, 1)
	c.Team, _ = f.readReference(body, "team", f.teams)
	c.Retry = f.retry(body)
	c.HTTP = f.readHTTP(body, channelHTTP, f.config.Relay.HTTP)
	if c.Quiet, c.Digest = f.quiet(body), f.digest(c, kind, body); kind.name != "" && !kind.posts {
		c.HTTP, c.Quiet, c.Digest = outbound.Settings{}, nil, Digest{}
	}
	f.config.Channels = append(f.config.Channels, c)
}

// channelType reads the type; known is false when the other attributes cannot be
// held against it.
func (f *File) channelType(body *hclsyntax.Body) (t channelType, known bool) {
	s, ok := f.readText(body, "type", "one of "+language.List(language.Quoted(channelTypeNames()), "or"))
	if !ok {
		return channelType{}, false
	}
	if t, ok := findChannelType(s.text()); ok {
		return t, true
	}
	names := channelTypeNames()
	if s.hidden {
		f.add(notAllowed(s, names))
		return channelType{}, false
	}
	detail := fmt.Sprintf("There is no channel type %s.", s.shown())
	if suggestion := spelling.Nearest(s.text(), names); suggestion != "" {
		detail += fmt.Sprintf(" Did you mean %q?", suggestion)
	}
	detail += " There are " + language.List(names, "and") + "."
	f.error("Unknown channel type", detail, s.place)
	return channelType{}, false
}

func (f *File) channelURL(c *Channel, t channelType, body *hclsyntax.Body) {
	attr := body.Attributes["url"]
	if !t.posts {
		if attr != nil {
			f.redact(attr.Expr)
			f.error("Attribute without effect", fmt.Sprintf("A channel of type %s has no URL: its cards are kept in the store and read on the dashboard. Remove the attribute url, or give the channel another type.", t.name), attr.NameRange)
		}
		return
	}
	if attr == nil {
		f.error("Missing attribute", fmt.Sprintf("A channel of type %s needs the attribute url, the address that its cards are posted to, such as url = env(\"WEBHOOK_URL\").", t.name), c.Range)
		return
	}
	s, ok := f.readSecret(body, "url", "a URL")
	if !ok {
		if hcl.ExprAsKeyword(attr.Expr) == "null" || isNull(attr.Expr) {
			f.error("Missing attribute", "The attribute url is null; it is the address that the channel's cards are posted to.", attr.Expr.Range())
		}
		return
	}
	c.URL = s.value
	f.checkURL(s)
	if !slices.Contains(t.public, c.Payload) {
		f.warnLiteral("url", s)
	}
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
	case retiredConnector(u):
		f.warn("Retired address", "Microsoft has retired the Office 365 connectors' addresses, such as those at webhook.office.com; cards sent there do not arrive. Make a webhook with the Workflows app in Teams, and use its URL with type = \"teams\".", s.place)
	case retiredWorkflow(u):
		f.warn("Retired address", "Power Automate has moved: flows' addresses at logic.azure.com stopped working on 30 November 2025. Open the flow, copy the new URL of its trigger (at environment.api.powerplatform.com), and use that. A Logic App of your own in Azure keeps its address.", s.place)
	}
}

// retiredConnector reports whether a URL is one of the Office 365 connectors', which
// were switched off in May 2026.
func retiredConnector(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if host == "webhook.office.com" || strings.HasSuffix(host, ".webhook.office.com") {
		return true
	}
	return (host == "outlook.office.com" || host == "outlook.office365.com") && strings.HasPrefix(u.Path, "/webhook")
}

// retiredWorkflow reports whether a URL is one of those that flows had before they
// moved, in any of Azure's clouds: logic.azure.com, logic.azure.us, logic.azure.cn.
// Logic Apps in Azure itself have such addresses too, and keep them
// (https://learn.microsoft.com/troubleshoot/power-platform/power-automate/flow-run-issues/triggers-troubleshoot).
func retiredWorkflow(u *url.URL) bool {
	labels := strings.Split(strings.ToLower(u.Hostname()), ".")
	n := len(labels)
	return n >= 3 && labels[n-3] == "logic" && labels[n-2] == "azure"
}

func (f *File) channelPayload(c *Channel, t channelType, body *hclsyntax.Body) {
	attr := body.Attributes["payload"]
	if attr != nil && len(t.payloads) == 0 {
		f.error("Attribute without effect", fmt.Sprintf("A channel of type %s has one payload only. Remove the attribute payload.", t.name), attr.NameRange)
		return
	}
	s, ok := f.readText(body, "payload", language.List(language.Quoted(t.payloads), "or"))
	if ok && f.oneOf(s, t.payloads) {
		c.Payload = s.text()
	}
}

func (f *File) channelSecret(c *Channel, t channelType, body *hclsyntax.Body) {
	attr := body.Attributes["secret"]
	if attr != nil && !t.signs {
		f.redact(attr.Expr)
		f.error("Attribute without effect", fmt.Sprintf("Requests of a channel of type %s are not signed; only type webhook's are. Remove the attribute secret.", t.name), attr.NameRange)
		return
	}
	s, ok := f.readSecret(body, "secret", "a text, the key that signs requests")
	if !ok {
		return
	}
	if s.value.IsZero() {
		f.error("Empty secret", "The secret is empty, so that anybody could sign requests. Give it a text, or remove the attribute.", s.place)
		return
	}
	c.Secret = s.value
	f.warnLiteral("secret", s)
}

// refuseBlocks refuses what has no meaning where cards go nowhere.
func (f *File) refuseBlocks(t channelType, body *hclsyntax.Body) {
	if t.posts {
		return
	}
	reasons := map[string]string{
		"http":   "makes no requests",
		"quiet":  "disturbs nobody: its cards are read on the dashboard",
		"digest": "has room for every card",
	}
	for _, b := range body.Blocks {
		if reason := reasons[b.Type]; reason != "" {
			f.error("Block without effect", fmt.Sprintf("A channel of type %s %s. Remove the %s block.", t.name, reason, b.Type), b.TypeRange)
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
