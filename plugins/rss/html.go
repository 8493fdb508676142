package rss

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// parseHTML returns a text's tree without what is not to be read.
func parseHTML(source string) *html.Node {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return &html.Node{Type: html.DocumentNode}
	}
	prune(doc)
	withoutFooters(doc)
	return doc
}

// children calls f for each child of a node, which f may remove.
func children(n *html.Node, f func(*html.Node)) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		f(c)
		c = next
	}
}

// prune drops what is hidden, what is not text (the card has its own place for a
// picture), and elements that are empty then.
func prune(n *html.Node) {
	children(n, func(c *html.Node) {
		if c.Type == html.CommentNode || c.Type == html.ElementNode && (listed(noise, c.Data) || isHidden(c.Attr)) {
			// Older software writes emoji as pictures.
			if alt := attribute(c.Attr, "alt"); c.Data == "img" && isEmoji(c.Attr) && alt != "" {
				n.InsertBefore(&html.Node{Type: html.TextNode, Data: alt}, c)
			}
			n.RemoveChild(c)
			return
		}
		prune(c)
		spell(c)
		if c.Type == html.ElementNode && listed(empties, c.Data) && blankText(c) {
			n.RemoveChild(c)
		}
	})
}

// spell replaces elements that carry meaning by text.
func spell(n *html.Node) {
	say := func(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }
	switch n.Data {
	case "q":
		n.InsertBefore(say("“"), n.FirstChild)
		n.AppendChild(say("”"))
	case "td", "th":
		n.AppendChild(say(" ")) // in a layout table only this separates words
	case "summary", "legend", "dt":
		n.Data, n.DataAtom = "p", atom.P
	case "sup", "sub":
		digits := "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾"
		if n.Data == "sub" {
			digits = "₀₁₂₃₄₅₆₇₈₉₊₋₍₎"
		}
		if small := raised(wordsOf(n), []rune(digits)); small != "" {
			children(n, func(c *html.Node) { n.RemoveChild(c) })
			n.AppendChild(say(small))
		}
	}
}

// raised writes a number in other digits, so that "10⁶" does not become "106"; empty if
// it is not a number.
func raised(s string, digits []rune) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "−", "-") {
		at := strings.IndexRune("0123456789+-()", r)
		if at < 0 || b.Len() > maxName {
			return ""
		}
		b.WriteRune(digits[at])
	}
	return b.String()
}

// empties are the elements that would show something even when empty; a link would show
// its address.
const empties = " a b strong i em del s strike code pre p h1 h2 h3 h4 h5 h6 li ul ol blockquote figure table "

// noise are the elements that show no text; those of void have no end tag.
const (
	noise = " img picture video audio canvas map iframe frameset script style template noscript object embed applet" +
		" form button select textarea input svg math title meta link "
	void = " img embed input meta link "
)

func isHidden(list []html.Attribute) bool {
	return slices.ContainsFunc(list, func(a html.Attribute) bool {
		return a.Key == "hidden" || a.Key == "style" && unseen.MatchString(a.Val) || a.Key == "class" && forReaders.MatchString(a.Val)
	})
}

var (
	unseen     = regexp.MustCompile(`(?i)(^|[;\s])(display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)`)
	forReaders = regexp.MustCompile(`(?i)(^|\s)(screen-reader-text|sr-only|visually-?hidden)(\s|$)`)
)

func attribute(list []html.Attribute, name string) string {
	for _, a := range list {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words writes a tree's text in one line.
func words(n *html.Node, b *strings.Builder) {
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
	}
	apart := n.Type == html.ElementNode && (n.Data == "br" || listed(blocks, n.Data))
	if apart {
		b.WriteByte(' ')
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		words(c, b)
	}
	if apart {
		b.WriteByte(' ')
	}
}

const blocks = " address article aside blockquote caption dd div dl dt fieldset figcaption figure footer h1 h2 h3 h4" +
	" h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul "

func wordsOf(n *html.Node) string {
	var b strings.Builder
	words(n, &b)
	return strings.Join(strings.Fields(b.String()), " ")
}

// blankText reports whether a tree has no words. It stops at the first.
func blankText(n *html.Node) bool {
	if n.Type == html.TextNode && strings.TrimFunc(n.Data, isUnseen) != "" || n.Type == html.ElementNode && n.Data == "hr" {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !blankText(c) {
			return false
		}
	}
	return true
}

func isUnseen(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// withoutFooters drops what publishing software appends to every text: where it
// appeared first, how to continue reading, and Reddit's last line.
func withoutFooters(doc *html.Node) {
	var links, parts []*html.Node
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.ElementNode && n.Data == "a":
			links = append(links, n)
		case n.Type == html.ElementNode && listed(blocks, n.Data):
			parts = append(parts, n)
		}
	}
	for _, a := range links {
		said := cutWords(a)
		switch before := textBefore(a); {
		case before != nil && strings.HasPrefix(said, "/u/") && strings.HasSuffix(strings.TrimSpace(before.Data), "submitted by"):
			before.Data = strings.TrimSuffix(strings.TrimSpace(before.Data), "submitted by")
			remove(a)
		case before != nil && strings.HasPrefix(said, "r/") && strings.TrimSpace(before.Data) == "to":
			before.Data = ""
			remove(a)
		case said == "[link]" || said == "[comments]" && strings.Contains(attribute(a.Attr, "href"), "/comments/"):
			remove(a)
		case goesOn.MatchString(said) && lastWords(a), shares.MatchString(attribute(a.Attr, "href")):
			remove(a)
		}
	}
	for _, n := range parts[max(len(parts)-3, 0):] {
		if appeared.MatchString(cutWords(n)) && lastWords(n) {
			remove(n)
		}
	}
}

var (
	goesOn = regexp.MustCompile(`(?i)^[\[(]?\s*((click here to )?(read (more.*|on|(the )?(rest|(full|whole|entire|complete) (story|article|post|topic|entry)).*)|continue reading.*|keep reading.*|more)|weiter ?lesen.*|mehr (lesen|erfahren)|lire la suite|en savoir plus|leer más|seguir leyendo|leggi tutto|lees (meer|verder))\s*([.…»→›>]|&raquo;)*\s*[\])]?$`)
	// shares matches the addresses of share buttons.
	shares = regexp.MustCompile(`(?i)^(https?:)?//((www\.)?(facebook\.com/(sharer|share\.php|dialog/)|(twitter|x)\.com/(share|intent/)|linkedin\.com/(shareArticle|sharing/)|pinterest\.com/pin/create|reddit\.com/submit\?|tumblr\.com/share|addtoany\.com/)|(api|wa)\.(whatsapp\.com/send|me/\?text)|t\.me/share/|(feeds\.)?feedburner\.com/~f|feeds\.wordpress\.com/1\.0/|api\.flattr\.com)`)
	// appeared matches the last line of WordPress, in its most common languages, and of
	// Medium.
	appeared = regexp.MustCompile(`(?i)^(the post .+ (first appeared|appeared first) on .+|.+ was originally published (in|on) .+|der beitrag .+ erschien (zuerst )?auf .+|l’article .+ est apparu en premier sur .+|la entrada .+ (se publicó primero|aparece primero) en .+)$`)
)

// cutWords is a node's text, cut to a title's length.
func cutWords(n *html.Node) string { return cut(wordsOf(n), maxTitle) }

// textBefore is the text right before a node, spaces aside.
func textBefore(n *html.Node) *html.Node {
	for p := n.PrevSibling; p != nil; p = p.PrevSibling {
		if p.Type == html.TextNode && strings.TrimSpace(p.Data) != "" {
			return p
		}
		if p.Type == html.ElementNode && !blankText(p) {
			return nil
		}
	}
	return nil
}

// lastWords reports whether no text follows a node.
func lastWords(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		for s := n.NextSibling; s != nil; s = s.NextSibling {
			if !blankText(s) {
				return false
			}
		}
	}
	return true
}

// remove removes a node and the ancestors that this leaves empty, and returns the one
// that stays.
func remove(n *html.Node) *html.Node {
	for n.Parent != nil {
		parent := n.Parent
		parent.RemoveChild(n)
		if n = parent; n.Data == "body" || !blankText(n) {
			break
		}
	}
	return n
}

func within(n *html.Node, tag string) bool {
	for a := range n.Ancestors() {
		if a.Type == html.ElementNode && a.Data == tag {
			return true
		}
	}
	return false
}

// collapse folds each run of white space into one space, except non-breaking ones,
// which are deliberate.
func collapse(s string) string {
	return spaces.ReplaceAllString(s, " ")
}

var spaces = regexp.MustCompile(`[ \t\n\r\f]+`)
