package markup

import (
	"html"
	"strconv"
	"strings"
)

// HTML returns the dialect of Matrix's formatted messages, which is most of HTML:
// https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes. Pictures from
// the web are not allowed in one, so they become links.
func HTML() Dialect {
	d := Dialect{
		Text: htmlText, Strong: tagged("strong"), Emphasis: tagged("em"), Strike: tagged("del"),
		Code: func(s string) string { return "<code>" + html.EscapeString(s) + "</code>" },
		Link: htmlLink, Picture: htmlLink,
		Break: "<br>", Gap: "",
		Paragraph: tagged("p"),
		Headings:  6,
		Heading: func(level int, s string) string {
			return tagged("h" + strconv.Itoa(level))(s)
		},
		Quote: tagged("blockquote"),
		Fence: func(language, code string) string {
			class := ""
			if language != "" {
				class = ` class="language-` + html.EscapeString(language) + `"`
			}
			return "<pre><code" + class + ">" + html.EscapeString(code) + "</code></pre>"
		},
		List: htmlList, Table: htmlTable, Rule: "<hr>",
	}
	return d
}

// LightHTML returns the dialect of Google Chat's cards, which know a handful of
// tags and no blocks: https://developers.google.com/workspace/chat/format-messages.
func LightHTML() Dialect {
	d := Dialect{
		Text: htmlText, Strong: tagged("b"), Emphasis: tagged("i"), Strike: tagged("s"),
		Code: func(s string) string { return `<font face="monospace">` + html.EscapeString(s) + "</font>" },
		Link: htmlLink, Picture: htmlLink,
		Break: "<br>", Gap: "<br><br>",
		Paragraph: same,
		Quote:     func(s string) string { return "<i>" + s + "</i>" },
		Fence: func(_, code string) string {
			return `<font face="monospace">` + strings.NewReplacer("\n", "<br>", "  ", "\u00a0\u00a0").Replace(html.EscapeString(code)) + "</font>"
		},
		Table: monospaced, Rule: "———",
	}
	d.List = func(b Block, items []string, depth int) string {
		lines := make([]string, len(items))
		for i, item := range items {
			mark := "• "
			if b.Ordered {
				mark = strconv.Itoa(max(b.Start, 0)+i) + ". "
			}
			lines[i] = strings.Repeat("\u00a0\u00a0\u00a0", depth) + mark + strings.ReplaceAll(item, "\n", "<br>")
		}
		return strings.Join(lines, "<br>")
	}
	return d
}

func htmlText(s string, _ bool) string { return html.EscapeString(s) }

func tagged(name string) func(string) string {
	return func(s string) string { return "<" + name + ">" + s + "</" + name + ">" }
}

func htmlLink(label, address string) string {
	return `<a href="` + html.EscapeString(address) + `">` + label + "</a>"
}

func htmlList(b Block, items []string, _ int) string {
	open, end := "<ul>", "</ul>"
	if b.Ordered {
		open, end = "<ol>", "</ol>"
		if b.Start != 1 {
			open = `<ol start="` + strconv.Itoa(b.Start) + `">`
		}
	}
	var s strings.Builder
	s.WriteString(open)
	for i, item := range items {
		// A paragraph alone in an item would be drawn with space around it.
		if body := b.Items[i]; len(body) > 0 && body[0].Kind == Paragraph {
			item = strings.Replace(strings.TrimPrefix(item, "<p>"), "</p>", "", 1)
		}
		s.WriteString("<li>" + item + "</li>")
	}
	s.WriteString(end)
	return s.String()
}

func htmlTable(d Dialect, rows [][]Cell) string {
	var s strings.Builder
	s.WriteString("<table>")
	for i, row := range rows {
		cell := "td"
		if i == 0 {
			cell = "th"
		}
		s.WriteString("<tr>")
		for _, c := range row {
			s.WriteString(tagged(cell)(d.Line(c)))
		}
		s.WriteString("</tr>")
	}
	s.WriteString("</table>")
	return s.String()
}
