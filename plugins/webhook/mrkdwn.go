package webhook

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/card"
)

// maxMarks bounds the nesting of marks: bold, italic, struck.
const maxMarks = 3

// fromMrkdwn turns Slack's markup into the card's Markdown
// (https://docs.slack.dev/messaging/formatting-message-text): *bold*, ~struck~, links
// <url|label>, mentions <@U1>, and &, < and > as entities. Syntax of Markdown that
// Slack lacks is escaped, except **bold** and [label](url), which senders write for
// Slack's imitators.
func fromMrkdwn(s string) string {
	var m mrkdwn
	m.convert(strings.ReplaceAll(s, "\r\n", "\n"), 0)
	return strings.TrimSpace(m.out.String())
}

// fromMattermost turns the texts of Slack's imitators, Mattermost and Rocket.Chat, into
// the card's Markdown: Markdown with Slack's links, mentions and emoji in it
// (https://docs.mattermost.com/developer/webhooks-incoming.html).
func fromMattermost(s string) string {
	m := mrkdwn{markdown: true}
	m.convert(strings.ReplaceAll(s, "\r\n", "\n"), 0)
	return strings.TrimSpace(m.out.String())
}

// mrkdwn is one conversion. It reads each byte a bounded number of times.
type mrkdwn struct {
	out strings.Builder
	// markdown says that everything but angle brackets and emoji is already Markdown.
	markdown bool
}

// scan is one run of text being converted. unpaired says up to where a mark is known to
// have no partner, so that a text of nothing but marks is not searched again for each.
type scan struct {
	s        string
	i        int
	depth    int
	unpaired [256]int
}

func (m *mrkdwn) convert(s string, depth int) {
	c := &scan{s: s, depth: depth}
	for c.i < len(s) {
		m.step(c)
	}
}

// step converts what is at the scan's position.
func (m *mrkdwn) step(c *scan) {
	rest := c.s[c.i:]
	if m.markdown && !strings.ContainsRune("`<:", rune(rest[0])) {
		m.verbatim(c, 1)
		return
	}
	switch b := rest[0]; b {
	case '`':
		m.code(c)
	case '<':
		m.angle(c)
	case '*', '_', '~':
		m.mark(c, b)
	case '&': // of Slack's three entities, only one can mean something else in Markdown
		if strings.HasPrefix(rest, "&gt;") && c.atLineStart() {
			m.out.WriteByte('>') // a quotation
			c.i += len("&gt;")
			return
		}
		m.verbatim(c, 1)
	case '\n':
		n := len(rest) - len(strings.TrimLeft(rest, "\n \t"))
		m.out.WriteString("\n\n")
		c.i += n
	case ':':
		if found, n := emojiAt(c.s, c.i); n > 0 {
			m.out.WriteString(found)
			c.i += n
			return
		}
		m.verbatim(c, max(emoji(rest), 1))
	case '[':
		n := markdownLink(rest)
		if n == 0 {
			m.out.WriteByte('\\')
		}
		m.verbatim(c, max(n, 1))
	case '\\', '|', '#', '{':
		if b == '\\' || b == '|' || b == '#' && c.atLineStart() || strings.HasPrefix(rest, "{{") {
			m.out.WriteByte('\\')
		}
		m.verbatim(c, 1)
	case 'h':
		if n := bareAddress(c); n > 0 {
			m.out.WriteString(link(rest[:n], rest[:n]))
			c.i += n
			return
		}
		m.verbatim(c, 1)
	default:
		m.rune(c)
	}
}

// verbatim copies n bytes.
func (m *mrkdwn) verbatim(c *scan, n int) {
	m.out.WriteString(c.s[c.i : c.i+n])
	c.i += n
}

func (m *mrkdwn) rune(c *scan) {
	r, n := utf8.DecodeRuneInString(c.s[c.i:])
	if !unicode.IsControl(r) || r == '\t' {
		m.out.WriteString(c.s[c.i : c.i+n])
	}
	c.i += n
}

func (c *scan) atLineStart() bool {
	i := c.i
	for i > 0 && (c.s[i-1] == ' ' || c.s[i-1] == '\t') {
		i--
	}
	return i == 0 && c.depth == 0 || i > 0 && c.s[i-1] == '\n'
}

// code copies code, in which only entities have a meaning.
func (m *mrkdwn) code(c *scan) {
	rest := c.s[c.i:]
	mark := "`"
	if strings.HasPrefix(rest, "```") {
		mark = "```"
	}
	end := -1
	if c.unpaired['`'] == 0 {
		if end = strings.Index(rest[len(mark):], mark); end < 0 && len(mark) == 1 {
			c.unpaired['`'] = len(c.s)
		}
	}
	inner, size := "", len(mark)
	if end > 0 {
		inner, size = rest[len(mark):len(mark)+end], end+2*len(mark)
	}
	switch {
	case m.markdown:
		m.verbatim(c, size)
		return
	case inner == "", len(mark) == 1 && strings.Contains(inner, "\n"):
		m.out.WriteString(strings.Repeat("\\`", len(mark)))
		size = len(mark)
	case len(mark) == 3:
		m.out.WriteString("\n\n" + fence(unescape(inner), "") + "\n\n")
	default:
		m.out.WriteString("`" + unescape(inner) + "`")
	}
	c.i += size
}

// mark converts bold, italic and struck text, and escapes an unpaired mark.
func (m *mrkdwn) mark(c *scan, b byte) {
	rest := c.s[c.i:]
	if len(rest) > 1 && rest[1] == b {
		m.doubled(c, b)
		return
	}
	end := c.partner(b)
	if end < 0 || c.depth >= maxMarks {
		m.out.WriteByte('\\')
		m.verbatim(c, 1)
		return
	}
	with := map[byte]string{'*': "**", '_': "_", '~': "~~"}[b]
	m.out.WriteString(with)
	m.convert(c.s[c.i+1:end], c.depth+1)
	m.out.WriteString(with)
	c.i = end + 1
}

// doubled keeps Markdown's own ** and ~~, but not __, which names such as __init__
// have.
func (m *mrkdwn) doubled(c *scan, b byte) {
	if b == '_' {
		m.out.WriteString("\\_\\_")
	} else {
		m.out.WriteString(c.s[c.i : c.i+2])
	}
	c.i += 2
}

// partner finds the mark that ends the one at the scan's position, in the same line.
func (c *scan) partner(b byte) int {
	start := c.i
	if start < c.unpaired[b] || wordBefore(c.s[:start]) || start+1 >= len(c.s) || isBlank(c.s[start+1]) {
		return -1
	}
	for j := start + 2; j < len(c.s); j++ {
		switch {
		case c.s[j] == '\n':
			c.unpaired[b] = j
			return -1
		case c.s[j] == b && !isBlank(c.s[j-1]) && !wordAfter(c.s[j+1:]):
			return j
		}
	}
	c.unpaired[b] = len(c.s)
	return -1
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' }

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func wordAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// unescape replaces the entities where Markdown would not.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// angle converts angle brackets: a link or a mention.
func (m *mrkdwn) angle(c *scan) {
	rest := c.s[c.i+1:]
	end := strings.IndexAny(rest, "<>\n")
	if m.markdown && (end <= 0 || rest[end] != '>' || !isAngled(rest[:end])) {
		m.verbatim(c, 1) // HTML, perhaps
		return
	}
	if end <= 0 || rest[end] != '>' {
		m.out.WriteString("&lt;")
		c.i++
		return
	}
	m.out.WriteString(angled(rest[:end]))
	c.i += end + 2
}

// isAngled reports whether the text between angle brackets is one of Slack's links or
// mentions.
func isAngled(s string) bool {
	address, _, _ := strings.Cut(s, "|")
	return isWeb(address) || strings.HasPrefix(address, "mailto:") || strings.HasPrefix(address, "!") && !strings.HasPrefix(address, "!--") ||
		strings.HasPrefix(address, "@") || strings.HasPrefix(address, "#")
}

// angledDate is a time, "!date^1392734382^{date}^https://link|fallback".
func angledDate(s, fallback string) string {
	parts := append(strings.SplitN(s, "^", 4), "", "", "")
	return linked(card.Escape(slackDate(parts[1], parts[2], fallback)), parts[3])
}

// slackDate writes a time without knowing the reader's time zone: the sender's
// fallback, else the time in UTC in the given form.
func slackDate(timestamp, form, fallback string) string {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if fallback != "" || err != nil || seconds < 0 || seconds > 1<<36 {
		return cmp.Or(fallback, timestamp)
	}
	at := time.Unix(seconds, 0).UTC()
	date, clock := at.Format("2006-01-02"), at.Format("15:04 UTC")
	short, plain, long := at.Format("Jan 2, 2006"), at.Format("January 2, 2006"), at.Format("Monday, January 2, 2006")
	return strings.NewReplacer(
		"{date_num}", date, "{date_slash}", date, "{date_long}", long, "{date_long_pretty}", long,
		"{date_full}", long, "{date_short}", short, "{date_short_pretty}", short,
		"{date}", plain, "{date_pretty}", plain, "{day_divider_pretty}", long,
		"{time}", clock, "{time_secs}", at.Format("15:04:05 UTC"), "{ago}", date+" "+clock,
	).Replace(cmp.Or(form, "{date_num} {time}"))
}

func angled(s string) string {
	address, label, _ := strings.Cut(s, "|")
	address, label = unescape(address), strings.TrimSpace(unescape(label))
	switch {
	case strings.HasPrefix(address, "!date^"):
		return angledDate(address, label)
	case isWeb(address):
		return link(cmp.Or(label, address), address)
	case strings.HasPrefix(address, "mailto:") && address != "mailto:":
		return readable(cmp.Or(label, strings.TrimPrefix(address, "mailto:")), address)
	case label == "":
		label = address
	case readable(label, address) != "":
		return readable(label, address)
	}
	sign := ""
	switch kind := address[:min(1, len(address))]; kind {
	case "@", "#":
		sign = kind
	case "!":
		sign = "@"
	}
	name := strings.TrimPrefix(strings.TrimLeft(label, "@#!"), "subteam^")
	if address == "" || sign == "" {
		return card.Escape(cmp.Or(label, s))
	}
	return sign + card.Escape(name)
}

// link writes a link in Markdown with a text from strangers.
func link(label, address string) string {
	return linked(card.Escape(strings.ReplaceAll(label, "\n", " ")), address)
}

// linked makes a link of Markdown if the address is one of the web.
func linked(markdown, address string) string {
	if !isWeb(address) {
		return markdown
	}
	return "[" + markdown + "](" + linkAddress(address) + ")"
}

// linkAddress escapes what would end an address's link early.
func linkAddress(address string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "\n", "").Replace(address)
}

// bareAddress measures an address that stands in the text by itself.
func bareAddress(c *scan) int {
	rest := c.s[c.i:]
	if !strings.HasPrefix(rest, "https://") && !strings.HasPrefix(rest, "http://") || wordBefore(c.s[:c.i]) {
		return 0
	}
	end := strings.IndexAny(rest, " \t\n<>|\"*~`")
	if end < 0 {
		end = len(rest)
	}
	address := strings.TrimRight(rest[:end], ".,;:!?)'_")
	if !isWeb(address) {
		return 0
	}
	return len(address)
}

// emoji measures an emoji's name such as :tada:. A workspace's own name is copied
// unescaped.
func emoji(s string) int {
	for i := 1; i < len(s) && i < 64; i++ {
		switch b := s[i]; {
		case b == ':' && i > 1:
			return i + 1
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '_', b == '-', b == '+':
		default:
			return 0
		}
	}
	return 0
}

// markdownLink measures a Markdown link.
func markdownLink(s string) int {
	label := strings.IndexAny(s[1:], "[]\n")
	if label < 0 || !strings.HasPrefix(s[1+label:], "](http") {
		return 0
	}
	end := strings.IndexAny(s[label+3:], " ()\n")
	if end < 0 || s[label+3+end] != ')' {
		return 0
	}
	return label + 4 + end
}
