package card

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Line turns a stranger's text into one literal line of a card's Markdown, of at most n
// characters.
func Line(s string, n int) string { return Escape(Cut(strings.Join(strings.Fields(s), " "), n)) }

// Excerpt turns the beginning of a stranger's text into literal Markdown with its
// lines, of at most n characters.
func Excerpt(s string, n int) string {
	return Escape(Cut(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), n))
}

// Link is a link in a card's Markdown with a stranger's text, or only the text if the
// address is not a web address.
func Link(text, address string) string {
	text = Line(text, maxLink)
	if Web(address) == "" || text == "" {
		return text
	}
	return "[" + text + "](" + strings.NewReplacer("(", "%28", ")", "%29").Replace(address) + ")"
}

// MentionScheme marks a link that names a person by the login at the card's source.
const MentionScheme = "mention:"

// Mention names a person in a card's Markdown. A chat system mentions the person if the
// configuration knows the login there; otherwise it shows the name or, without one, the
// login.
func Mention(login, name string) string {
	if name = Line(name, maxLink); name == "" {
		name = Line(login, maxLink)
	}
	if login == "" {
		return name
	}
	return "[" + name + "](" + MentionScheme + strings.NewReplacer("(", "%28", ")", "%29").Replace(url.PathEscape(login)) + ")"
}

// Counted lists names with their counts, most frequent first. The names are a
// stranger's text, not escaped.
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

// maxLink bounds a link's text, in characters.
const maxLink = 150

// Web returns an address if it is a web address without blanks, fit for a card, and
// else nothing.
func Web(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, " \"<>") {
		return ""
	}
	return address
}

// FromHTML is the text of an HTML document, a line for each paragraph, without markup,
// title, scripts and styles. It is not Markdown: [Escape] it.
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
