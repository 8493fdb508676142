package markup

// rewrite replaces every inline, those inside of others first.
func rewrite(inlines []Inline, f func(Inline) []Inline) []Inline {
	var out []Inline
	for _, n := range inlines {
		n.Inlines = rewrite(n.Inlines, f)
		out = append(out, f(n)...)
	}
	return out
}

// rewrite replaces every inline of a text.
func (t Text) rewrite(f func(Inline) []Inline) Text {
	var out Text
	for _, b := range t {
		b.Inlines, b.Blocks = rewrite(b.Inlines, f), b.Blocks.rewrite(f)
		items, rows := b.Items, b.Rows
		b.Items, b.Rows = nil, nil
		for _, item := range items {
			b.Items = append(b.Items, item.rewrite(f))
		}
		for _, row := range rows {
			var cells []Cell
			for _, cell := range row {
				cells = append(cells, rewrite(cell, f))
			}
			b.Rows = append(b.Rows, cells)
		}
		out = append(out, b)
	}
	return out
}

// Without takes the marks of a kind off inlines that are already inside such marks.
func Without(kind InlineKind, list []Inline) []Inline {
	return rewrite(list, func(n Inline) []Inline {
		if n.Kind == kind {
			return n.Inlines
		}
		return []Inline{n}
	})
}

// unbroken replaces breaks by spaces.
func unbroken(inlines []Inline) []Inline {
	return rewrite(inlines, func(n Inline) []Inline {
		if n.Kind == Break {
			n = Inline{Kind: Plain, Text: " "}
		}
		return []Inline{n}
	})
}

// WithoutLinks reduces the links and pictures that drop selects to their text, and
// returns how many there were.
func (t Text) WithoutLinks(drop func(address string) bool) (Text, int) {
	dropped := 0
	t.Walk(func(n Inline) {
		if n.URL != "" && drop(n.URL) {
			dropped++
		}
	})
	if dropped == 0 {
		return t, 0
	}
	return t.rewrite(func(n Inline) []Inline {
		switch {
		case n.URL == "" || !drop(n.URL):
			return []Inline{n}
		case n.Kind == Picture:
			return []Inline{{Kind: Plain, Text: n.Text}}
		}
		return n.Inlines
	}), dropped
}
