package slack

import (
	"github.com/connector-relay/relay/relay/chat/markup"
)

// The elements of a rich_text block:
// https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
type richInline struct {
	Type   string     `json:"type"`
	Text   string     `json:"text,omitempty"`
	URL    string     `json:"url,omitempty"`
	UserID string     `json:"user_id,omitempty"`
	Style  *richStyle `json:"style,omitempty"`
}

type richStyle struct {
	Bold   bool `json:"bold,omitempty"`
	Italic bool `json:"italic,omitempty"`
	Strike bool `json:"strike,omitempty"`
	Code   bool `json:"code,omitempty"`
}

// rich writes a text as rich_text blocks; a rule, which none can hold, stands
// between them.
func (w writer) rich(t markup.Text) []block {
	var blocks []block
	var elements []any
	flush := func() {
		if len(elements) > 0 {
			blocks = append(blocks, block{Type: "rich_text", Elements: elements})
			elements = nil
		}
	}
	for i, b := range t {
		if b.Kind == markup.Rule {
			flush()
			blocks = append(blocks, block{Type: "divider"})
			continue
		}
		// Sections follow each other without space: an empty line is a text of its own.
		last := i == len(t)-1 || t[i+1].Kind != markup.Paragraph && t[i+1].Kind != markup.Heading
		elements = append(elements, w.richBlock(b, 0, last)...)
	}
	flush()
	return blocks
}

func (w writer) richBlock(b markup.Block, indent int, last bool) []any {
	switch b.Kind {
	case markup.Heading:
		return w.richLine(append([]markup.Inline{}, markup.Inline{Kind: markup.Strong, Inlines: b.Inlines}), last)
	case markup.List:
		return w.richList(b, indent)
	case markup.Quote:
		if line := w.inlines(b.Blocks.Inline(), richStyle{}); len(line) > 0 {
			return []any{block{Type: "rich_text_quote", Elements: line}}
		}
		return nil
	case markup.Code:
		return preformatted(b.Code)
	case markup.Table:
		if !markup.Linked(b.Rows) {
			return preformatted(markup.Aligned(b.Rows))
		}
		var rows []any
		for i, row := range markup.Lines(b.Rows) {
			rows = append(rows, w.richLine(row.Inlines, last && i == len(b.Rows)-1)...)
		}
		return rows
	default:
		return w.richLine(b.Inlines, last)
	}
}

func preformatted(code string) []any {
	if code == "" {
		return nil
	}
	return []any{block{Type: "rich_text_preformatted", Elements: []any{richInline{Type: "text", Text: code}}}}
}

func (w writer) richLine(inlines []markup.Inline, last bool) []any {
	line := w.inlines(inlines, richStyle{})
	if len(line) == 0 {
		return nil
	}
	if !last {
		line = append(line, richInline{Type: "text", Text: "\n"})
	}
	return []any{block{Type: "rich_text_section", Elements: line}}
}

// richList writes a list, and the lists in its items as lists of a deeper level,
// which is how Slack nests them.
func (w writer) richList(b markup.Block, indent int) []any {
	style := "bullet"
	offset := 0
	if b.Ordered {
		style, offset = "ordered", max(b.Start-1, 0)
	}
	var out []any
	var items []any
	flush := func() {
		if len(items) > 0 {
			out = append(out, block{Type: "rich_text_list", Style: style, Indent: indent, Offset: offset, Elements: items})
			offset += len(items)
			items = nil
		}
	}
	for _, item := range b.Items {
		var lines, nested markup.Text
		for _, inner := range item {
			if inner.Kind == markup.List {
				nested = append(nested, inner)
			} else {
				lines = append(lines, inner)
			}
		}
		line := w.inlines(lines.Inline(), richStyle{})
		if len(line) == 0 {
			line = []any{richInline{Type: "text", Text: " "}}
		}
		items = append(items, block{Type: "rich_text_section", Elements: line})
		for _, inner := range nested {
			flush()
			out = append(out, w.richList(inner, min(indent+1, 8))...)
		}
	}
	flush()
	if !b.Ordered {
		for i := range out {
			if list, ok := out[i].(block); ok && list.Style == "bullet" {
				list.Offset = 0
				out[i] = list
			}
		}
	}
	return out
}

func (w writer) inlines(list []markup.Inline, style richStyle) []any {
	var out []any
	add := func(r richInline) {
		if r.Text == "" && r.Type == "text" {
			return
		}
		if style != (richStyle{}) {
			s := style
			r.Style = &s
		}
		out = append(out, r)
	}
	for _, n := range list {
		inner := style
		switch n.Kind {
		case markup.Plain:
			add(richInline{Type: "text", Text: n.Text})
		case markup.Break:
			add(richInline{Type: "text", Text: "\n"})
		case markup.CodeSpan:
			if n.Text != "" {
				coded := style
				coded.Code = true
				out = append(out, richInline{Type: "text", Text: n.Text, Style: &coded})
			}
		case markup.Link:
			add(richInline{Type: "link", URL: n.URL, Text: markup.Bare(markup.Of(n.Inlines...))})
		case markup.Picture:
			add(richInline{Type: "link", URL: n.URL, Text: n.Text})
		case markup.Mention:
			if p, ok := w.Known(n.Login); ok {
				add(richInline{Type: "user", UserID: p.ID})
				continue
			}
			add(richInline{Type: "text", Text: n.Text})
		case markup.Strong:
			inner.Bold = true
			out = append(out, w.inlines(n.Inlines, inner)...)
		case markup.Emphasis:
			inner.Italic = true
			out = append(out, w.inlines(n.Inlines, inner)...)
		case markup.Strike:
			inner.Strike = true
			out = append(out, w.inlines(n.Inlines, inner)...)
		}
	}
	return out
}
