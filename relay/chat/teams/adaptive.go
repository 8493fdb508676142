package teams

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/connectorcard"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
)

// writer writes Adaptive Cards, part by part, as Microsoft's own guidance maps
// Connector Cards.
type writer struct {
	*chat.Writing
	dialect markup.Dialect
	version string
}

func (w writer) card(d draft.Draft) adaptiveCard {
	a := adaptiveCard{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: w.version,
		FallbackText: connectorcard.Quiet(d.Headline()),
	}
	add := func(e ...element) { a.Body = append(a.Body, e...) }
	if by, ok := d.Sender(); ok {
		add(w.activity(by)...)
	}
	if !d.Title.Empty() {
		add(w.header(d))
	}
	add(w.paragraphs(d.Text, element{})...)
	for i, s := range d.Sections {
		if items := w.section(s); len(items) > 0 {
			add(element{Type: "Container", Separator: s.Card.StartGroup || i > 0, Spacing: "medium", Items: items})
		}
	}
	var rest []element
	a.Actions, rest = w.actions(d.Actions)
	add(rest...)
	add(w.paragraphs(d.Said(), element{IsSubtle: true})...)
	if len(a.Body) == 0 {
		add(element{Type: "TextBlock", Text: " "})
	}
	a.Teams = &teamsExtras{Width: "Full"}
	for _, p := range w.Mentioned {
		name := atName(w.Writing, p)
		a.Teams.Entities = append(a.Teams.Entities, entity{
			Type: "mention", Text: "<at>" + name + "</at>", Mentioned: mentioned{ID: p.ID, Name: name},
		})
	}
	return a
}

// header returns the title in the theme's colour, as far as an Adaptive Card supports it.
// The client must not cut the title.
func (w writer) header(d draft.Draft) element {
	title := element{Type: "TextBlock", Text: w.line(d.Title), Wrap: true, Weight: "bolder", Size: "medium"}
	if w.newer(5) {
		title.Style = "heading"
	}
	if d.Card.ThemeColor == "" {
		return title
	}
	return element{Type: "Container", Style: containerStyle(d.Colour()), Bleed: true, Items: []element{title}}
}

// newer reports whether the card may use what came with a version, such as 5 for 1.5;
// they are all 1.x.
func (w writer) newer(minor int) bool {
	version, err := strconv.Atoi(strings.TrimPrefix(w.version, "1."))
	return err == nil && version >= minor
}

func (w writer) line(t markup.Text) string { return w.dialect.Line(t.Inline()) }

func (w writer) section(s draft.Section) []element {
	var items []element
	add := func(e ...element) { items = append(items, e...) }
	if !s.Title.Empty() {
		add(element{Type: "TextBlock", Text: w.line(s.Title), Wrap: true, Weight: "bolder"})
	}
	add(w.activity(s)...)
	if s.Hero != nil {
		add(element{Type: "Image", URL: s.Hero.URL, AltText: connectorcard.Quiet(card.Plain(s.Hero.Title)), Size: "stretch"})
	}
	add(w.paragraphs(s.Text, element{})...)
	if len(s.Facts) > 0 {
		set := element{Type: "FactSet"}
		for _, f := range s.Facts {
			set.Facts = append(set.Facts, adaptiveFact{Title: orSpace(w.line(f.Name)), Value: orSpace(w.dialect.Write(f.Value))})
		}
		add(set)
	}
	if len(s.Images) > 0 {
		set := element{Type: "ImageSet", ImageSize: "medium"}
		for _, img := range s.Images {
			set.Images = append(set.Images, element{Type: "Image", URL: img.URL, AltText: connectorcard.Quiet(card.Plain(img.Title))})
		}
		add(set)
	}
	actions, rest := w.actions(s.Actions)
	if len(actions) > 0 {
		add(element{Type: "ActionSet", Actions: actions})
	}
	add(rest...)
	return items
}

// orSpace stands where a text must not be empty.
func orSpace(s string) string { return cmp.Or(s, " ") }

// activity is who did what: a picture beside up to three lines.
func (w writer) activity(s draft.Section) []element {
	var lines []element
	if !s.Activity.Empty() {
		lines = append(lines, element{Type: "TextBlock", Text: w.line(s.Activity), Wrap: true, Weight: "bolder"})
	}
	if !s.Subtitle.Empty() {
		lines = append(lines, element{Type: "TextBlock", Text: w.line(s.Subtitle), Wrap: true, IsSubtle: true, Spacing: "none"})
	}
	lines = append(lines, w.paragraphs(s.ActivityText, element{Spacing: "none"})...)
	if s.Avatar == "" {
		return lines
	}
	style := "person"
	if s.Card.ActivityImageType == draft.Article {
		style = ""
	}
	picture := element{Type: "Image", URL: s.Avatar, Size: "small", Style: style, AltText: connectorcard.Quiet(markup.Bare(s.Activity))}
	columns := []element{{Type: "Column", Width: "auto", Items: []element{picture}}}
	if len(lines) > 0 {
		columns = append(columns, element{Type: "Column", Width: "stretch", Items: lines})
	}
	return []element{{Type: "ColumnSet", Columns: columns}}
}

// paragraphs makes an element of each block: in Teams one text with several is not
// broken into lines the same way everywhere.
func (w writer) paragraphs(t markup.Text, like element) []element {
	var list []element
	for _, b := range t {
		list = append(list, w.block(b, like)...)
	}
	return list
}

func (w writer) block(b markup.Block, like element) []element {
	switch {
	case b.Kind == markup.Table && len(b.Rows) > 0:
		return w.table(b.Rows)
	case b.Kind == markup.Quote:
		if quoted := w.paragraphs(b.Blocks, like); len(quoted) > 0 {
			return []element{{Type: "Container", Style: "emphasis", Items: quoted}}
		}
		return nil
	case b.Kind == markup.Code:
		like.FontType = "monospace"
	}
	like.Type, like.Wrap, like.Text = "TextBlock", true, w.dialect.Write(markup.Text{b})
	if like.Text == "" {
		return nil
	}
	return []element{like}
}

// table is one of the schema's own, which came with version 1.5, or else a row of
// columns of the same width for each of its rows.
func (w writer) table(rows [][]markup.Cell) []element {
	if !w.newer(5) {
		return w.grid(rows)
	}
	headers := true
	t := element{Type: "Table", FirstRowAsHeaders: &headers}
	for range rows[0] {
		t.Columns = append(t.Columns, element{Type: "TableColumnDefinition", Width: 1})
	}
	for _, row := range rows {
		r := element{Type: "TableRow"}
		for _, c := range row {
			r.Cells = append(r.Cells, element{Type: "TableCell", Items: []element{w.cell(c)}})
		}
		t.Rows = append(t.Rows, r)
	}
	return []element{t}
}

func (w writer) grid(rows [][]markup.Cell) []element {
	var list []element
	for i, row := range rows {
		set := element{Type: "ColumnSet", Spacing: "small"}
		for _, c := range row {
			text := w.cell(c)
			if i == 0 {
				text.Weight = "bolder"
			}
			set.Columns = append(set.Columns, element{Type: "Column", Width: "stretch", Items: []element{text}})
		}
		list = append(list, set)
	}
	return list
}

func (w writer) cell(c markup.Cell) element {
	return element{Type: "TextBlock", Text: orSpace(w.dialect.Line(c)), Wrap: true}
}

// actions writes links as buttons, and a form with links in it as a part that opens. A
// webhook's card cannot submit a form, so only its questions are listed.
func (w writer) actions(list []card.Action) (buttons []adaptiveAction, rest []element) {
	var plain []card.Action
	for _, a := range list {
		links, _ := draft.Split(a.Actions)
		if a.Type != card.ActionCard || len(links) == 0 {
			plain = append(plain, a)
			continue
		}
		inner := adaptiveCard{Type: "AdaptiveCard", Body: []element{}}
		if asks := questions(a.Inputs); asks != "" {
			inner.Body = append(inner.Body, element{Type: "TextBlock", Text: w.dialect.Text("Asks for: "+asks, true), Wrap: true, IsSubtle: true})
		}
		for _, l := range links {
			inner.Actions = append(inner.Actions, adaptiveAction{Type: "Action.OpenUrl", Title: connectorcard.Quiet(l.Name), URL: l.Address})
		}
		buttons = append(buttons, adaptiveAction{Type: "Action.ShowCard", Title: connectorcard.Quiet(draft.Named(a)), Card: &inner})
	}
	links, cannot := draft.Split(plain)
	for _, l := range links {
		buttons = append(buttons, adaptiveAction{Type: "Action.OpenUrl", Title: connectorcard.Quiet(l.Name), URL: l.Address})
	}
	return buttons, w.paragraphs(cannot, element{IsSubtle: true})
}

// questions are what a form asks for.
func questions(inputs []card.Input) string {
	var names []string
	for _, in := range inputs {
		if name := card.Plain(in.Title); name != "" {
			names = append(names, name)
		} else {
			names = append(names, in.ID)
		}
	}
	return strings.Join(names, ", ")
}

// containerStyle is the nearest of the few styles that an Adaptive Card knows.
func containerStyle(c draft.Colour) string {
	switch {
	case !c.Valid, c.Spread() < 60:
		return "emphasis"
	case c.R >= c.G && c.R >= c.B && c.G > 140 && c.B < 120:
		return "warning"
	case c.R >= c.G && c.R >= c.B:
		return "attention"
	case c.G >= c.R && c.G >= c.B:
		return "good"
	}
	return "accent"
}
