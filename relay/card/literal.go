package card

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Line makes one line of a card's Markdown of text from strangers: literal, and at
// most n characters long.
func Line(s string, n int) string { return Escape(Cut(strings.Join(strings.Fields(s), " "), n)) }

// Excerpt makes the beginning of a longer text from strangers literal, with its
// lines: at most n characters.
func Excerpt(s string, n int) string {
	return Escape(Cut(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), n))
}

// Link is a link in a card's Markdown with text from strangers, or only the text
// where the address is none of the web.
func Link(text, address string) string {
	text = Line(text, maxLink)
	if Web(address) == "" || text == "" {
		return text
	}
	return "[" + text + "](" + strings.NewReplacer("(", "%28", ")", "%29").Replace(address) + ")"
}

// MentionScheme marks a link that names a person by the login at the card's source.
const MentionScheme = "mention:"

// Mention names a person in a card's Markdown. A chat system where the configuration
// knows the login mentions the person; every other one shows the name, which may be
// empty: then the login.
func Mention(login, name string) string {
	if name = Line(name, maxLink); name == "" {
		name = Line(login, maxLink)
	}
	if login == "" {
		return name
	}
	return "[" + name + "](" + MentionScheme + strings.NewReplacer("(", "%28", ")", "%29").Replace(url.PathEscape(login)) + ")"
}

// Counted lists names with how often each is there, the most frequent first. It is text
// from strangers as it came.
func Counted(names []string) string {
	var once []string
	times := make(map[string]int)
	for _, name := range names {
		if times[name]++; times[name] == 1 && name != "" {
			once = append(once, name)
		}
	}
	slices.SortStableFunc(once, func(a, b string) int { return times[b] - times[a] })
	for i, name := range once {
		once[i] = fmt.Sprintf("%s (%d)", name, times[name])
	}
	return strings.Join(once, ", ")
}

// maxLink is how long a link's text may be, in characters.
const maxLink = 150

// Web returns an address if it is one of the web, in one piece, so that it can stand
// in a card; empty otherwise.
func Web(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, " \"<>") {
		return ""
	}
	return address
}

// FromHTML is the text of an HTML document, with a line for each paragraph and
// without its markup, title, scripts and styles. It is not Markdown: [Escape] it.
func FromHTML(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	hidden := 0
	for {
		switch token := z.Next(); token {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if hidden == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			tag, _ := z.TagName()
			switch name := string(tag); {
			case name == "style" || name == "script" || name == "title":
				hidden += map[html.TokenType]int{html.StartTagToken: 1, html.EndTagToken: -min(hidden, 1)}[token]
			case name == "br" || token == html.EndTagToken && (name == "p" || name == "div" || name == "li"):
				b.WriteByte('\n')
			}
		default:
		}
	}
}

// Plural counts things that go by a word whose plural is regular.
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
