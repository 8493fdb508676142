package webhook

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/connector-relay/relay/relay/card"
)

const (
	// maxDepth bounds how deep a card may nest.
	maxDepth = 32
	// maxNesting bounds how deep the JSON of such a card is.
	maxNesting = 4 * maxDepth
)

// adaptive reads an Adaptive Card (https://adaptivecards.io/explorer) into a Connector
// Card: the first heading is the title, the others are the sections'; texts, facts,
// pictures and links stay in order. Whatever asks the reader for an answer is only
// named, because a webhook cannot bring one back.
type adaptive struct {
	builder
	mentions *strings.Replacer
	// toggled are the ids of the elements that an action can show.
	toggled map[string]bool
	deep    bool
}

func fromAdaptive(root node) (card.Card, error) {
	a := adaptive{mentions: mentions(root.get("msteams").get("entities")), toggled: make(map[string]bool)}
	a.findToggled(root, 0)
	a.elements(root.get("body"), 0)
	a.flush()
	a.actions(root.get("actions"), a.cardLink, 0)
	if len(a.card.Actions) == 0 {
		a.selectAction(root, a.cardLink)
	}
	if a.deep {
		return card.Card{}, errDeep
	}
	if instead := a.words(root.get("fallbackText")); instead != "" && a.empty() {
		a.asks = nil
		a.paragraph(instead)
	}
	c := a.done()
	if !shows(c) {
		return c, errNothing
	}
	if c.Title == "" && len(c.Sections) > 0 {
		c.Summary, _, _ = strings.Cut(c.Text, "\n") // the headline must not be a later paragraph
		c.Summary = card.Plain(c.Summary)
	}
	return c, nil
}

// findToggled notes what the card's actions can show.
func (a *adaptive) findToggled(n node, depth int) {
	if depth > maxNesting {
		return
	}
	for _, target := range n.get("targetElements").list() {
		a.toggled[cmp.Or(target.text(), target.string("elementId"))] = true
	}
	switch v := n.v.(type) {
	case map[string]any:
		for _, member := range v {
			a.findToggled(node{member}, depth+1)
		}
	case []any:
		for _, element := range v {
			a.findToggled(node{element}, depth+1)
		}
	}
}

// hide names an element that no action can show.
func (a *adaptive) hide(e node, depth int) {
	within := adaptive{mentions: a.mentions, toggled: a.toggled}
	within.show(e, depth)
	c := within.done()
	words := []string{c.Title, c.Text}
	for _, s := range c.Sections {
		words = append(words, s.Title, s.ActivityTitle, s.Text)
	}
	name := card.Cut(card.Plain(strings.Join(words, " ")), longName)
	if name = cmp.Or(name, e.string("id", "type")); len(a.unseen) < maxLinks {
		a.unseen = append(a.unseen, name)
	}
	a.deep = a.deep || within.deep
}

func (a *adaptive) elements(list node, depth int) {
	if depth > maxDepth {
		a.deep = true
		return
	}
	all := list.list()
	for i := 0; i < len(all); {
		if rows := a.rowsOf(all[i:]); len(rows) > 1 {
			a.builder.table(rows, true)
			i += len(rows)
			continue
		}
		a.element(all[i], depth)
		i++
	}
}

func (a *adaptive) element(e node, depth int) {
	if e.get("isVisible").is(false) && !a.toggled[e.string("id")] {
		a.hide(e, depth)
		return
	}
	a.show(e, depth)
}

func (a *adaptive) show(e node, depth int) {
	if e.get("separator").is(true) && !a.empty() {
		a.divide()
	}
	a.color(e.get("style").word())
	switch e.kind() {
	case "textblock":
		a.textBlock(e)
	case "richtextblock":
		a.paragraph(inlines(e.get("inlines")))
	case "factset":
		for _, f := range e.get("facts").list() {
			a.fact(a.words(f.get("title")), a.words(f.get("value")))
		}
	case "image":
		a.image(e.string("url"), e.string("altText"))
	case "imageset":
		a.elements(e.get("images"), depth+1)
	case "container", "column", "tablecell", "carouselpage":
		a.elements(e.get("items"), depth+1)
	case "columnset":
		a.columns(e.get("columns"), depth)
	case "table":
		a.table(e, depth)
	case "actionset":
		a.actions(e.get("actions"), a.link, depth)
	case "codeblock":
		a.paragraph(fence(e.string("codeSnippet"), e.get("language").word()))
	case "media":
		a.media(e)
	case "carousel":
		a.elements(node{withType(e.get("pages").list(), "CarouselPage")}, depth+1)
	default:
		a.unknown(e, depth)
	}
	a.selectAction(e, a.link)
}

// unknown shows an element's fallback, or what can be read of it.
func (a *adaptive) unknown(e node, depth int) {
	kind := e.string("type")
	switch fallback := e.get("fallback"); {
	case strings.HasPrefix(strings.ToLower(kind), "input."):
		name := e.string("label", "title", "placeholder", "id")
		a.ask(a.mentions.Replace(cmp.Or(name, kind)))
	case depth > maxDepth:
		a.deep = true
	case fallback.isObject():
		a.element(fallback, depth+1)
	default:
		shown := false
		for _, name := range []string{"title", "label", "text", "description", "value"} {
			if text := a.words(e.get(name)); text != "" {
				a.paragraph(text)
				shown = true
			}
		}
		if items := e.get("items"); len(items.list()) > 0 {
			a.elements(items, depth+1)
			shown = true
		}
		if !shown && fallback.word() != "drop" {
			a.ask(kind)
		}
	}
}

// textBlock adds a paragraph, or a heading.
func (a *adaptive) textBlock(e node) {
	text := strings.TrimSpace(a.words(e.get("text")))
	bold := e.get("weight").word() == "bolder" || a.empty() && allBold(text)
	size := e.get("size").word()
	heading := e.get("style").word() == "heading" || size == "large" || size == "extralarge" || bold && a.empty()
	if heading || bold {
		a.color(e.get("color").word())
	}
	switch {
	case heading && allBold(text):
		a.heading(text[2 : len(text)-2])
	case heading && !strings.Contains(text, "\n"):
		a.heading(text)
	case bold && !strings.ContainsAny(text, "*\n"):
		a.paragraph(emphasise(text, "**"))
	default:
		a.paragraph(text)
	}
}

// allBold reports whether a text is one line of bold Markdown.
func allBold(s string) bool {
	core := strings.TrimSuffix(strings.TrimPrefix(s, "**"), "**")
	return len(s) == len(core)+4 && core != "" && !strings.ContainsAny(core, "*\r\n")
}

// color gives the card the first colour that has a meaning.
func (a *adaptive) color(name string) {
	if a.card.ThemeColor != "" {
		return
	}
	a.card.ThemeColor = map[string]string{"good": "2DA44E", "warning": "DAA038", "attention": "CF222E", "accent": "0078D7"}[name]
}

// columns reads the two layouts that a Connector Card has too: a picture beside who did
// what, and names beside values. Others are read column by column.
func (a *adaptive) columns(columns node, depth int) {
	list := columns.list()
	if len(list) == 2 && (a.pictured(list[0], list[1]) || a.named(list[0], list[1])) {
		return
	}
	if rows := a.rows(list); len(list) > 2 && len(rows) > 1 {
		a.builder.table(rows, true)
		return
	}
	a.elements(node{withType(list, "Column")}, depth+1)
}

// rows returns the lines of columns that hold the same number of texts and nothing
// else, or nil.
func (a *adaptive) rows(columns []node) [][]string {
	var rows [][]string
	for i, column := range columns {
		texts, ok := a.textsOf(column)
		if !ok || i > 0 && len(texts) != len(rows) {
			return nil
		}
		if i == 0 {
			rows = make([][]string, len(texts))
		}
		for j, text := range texts {
			rows[j] = append(rows[j], oneLine(text))
		}
	}
	return rows
}

// rowsOf returns the lines of a table at the start of a list of elements, one ColumnSet
// a line, each with the same number of texts, three or more.
func (a *adaptive) rowsOf(elements []node) [][]string {
	var rows [][]string
	for _, e := range elements {
		columns := e.get("columns").list()
		if e.kind() != "columnset" || len(columns) < 3 || !isPassive(e) {
			break
		}
		line := a.rows(columns)
		if len(line) != 1 || len(rows) > 0 && len(line[0]) != len(rows[0]) {
			break
		}
		rows = append(rows, line[0])
	}
	return rows
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// withType gives elements the type that their place implies.
func withType(list []node, name string) []any {
	typed := make([]any, 0, len(list))
	for _, n := range list {
		m, ok := n.v.(map[string]any)
		if !ok {
			continue
		}
		if _, ok := m["type"]; !ok {
			m["type"] = name
		}
		typed = append(typed, m)
	}
	return typed
}

func (a *adaptive) pictured(left, right node) bool {
	pictures := left.get("items").list()
	texts, ok := a.textsOf(right)
	if !ok || !isPassive(left) || len(pictures) != 1 {
		return false
	}
	picture := pictures[0]
	if picture.kind() != "image" || !isWeb(picture.string("url")) || picture.has("selectAction") {
		return false
	}
	texts = append(texts, "", "")
	a.activity(picture.string("url"), texts[0], texts[1], strings.TrimSpace(strings.Join(texts[2:], "\n\n")))
	if picture.get("style").word() != "person" {
		a.section.ActivityImageType = "article"
	}
	return true
}

// longName bounds a fact's name, in bytes.
const longName = 60

func (a *adaptive) named(left, right node) bool {
	names, ok := a.textsOf(left)
	values, both := a.textsOf(right)
	if !ok || !both || len(names) != len(values) {
		return false
	}
	for _, name := range names {
		if len(name) > longName || strings.Contains(name, "\n") {
			return false
		}
	}
	for i, name := range names {
		a.fact(name, values[i])
	}
	return true
}

// isPassive reports whether an element is shown and leads nowhere.
func isPassive(e node) bool { return !e.get("isVisible").is(false) && !e.has("selectAction") }

// textsOf returns the texts of a column that holds nothing else.
func (a *adaptive) textsOf(column node) ([]string, bool) {
	items := column.get("items").list()
	if !isPassive(column) {
		return nil, false
	}
	texts := make([]string, len(items))
	for i, e := range items {
		if e.kind() != "textblock" || !isPassive(e) {
			return nil, false
		}
		texts[i] = a.words(e.get("text"))
	}
	return texts, len(items) > 0
}

// table reads rows of two cells as facts, a larger table of nothing but texts as a
// table, and any other cell by cell.
func (a *adaptive) table(e node, depth int) {
	var texts [][]string
	header := !e.get("firstRowAsHeaders").is(false)
	flush := func() {
		a.builder.table(texts, header)
		texts, header = nil, header && len(texts) == 0
	}
	for _, row := range e.get("rows").list() {
		cells := row.get("cells").list()
		if len(cells) == 2 && a.named(cells[0], cells[1]) {
			continue
		}
		line, ok := a.lineOf(cells)
		if ok {
			texts = append(texts, line)
			continue
		}
		flush()
		a.elements(node{withType(cells, "TableCell")}, depth+1)
	}
	flush()
}

// lineOf returns the texts of cells that hold nothing else.
func (a *adaptive) lineOf(cells []node) ([]string, bool) {
	line := make([]string, len(cells))
	for i, cell := range cells {
		texts, ok := a.textsOf(cell)
		if !ok && len(cell.get("items").list()) > 0 {
			return nil, false
		}
		line[i] = oneLine(strings.Join(texts, " "))
	}
	return line, true
}

func (a *adaptive) media(e node) {
	a.image(e.string("poster"), e.string("altText"))
	if sources := e.get("sources").list(); len(sources) > 0 {
		a.link(cmp.Or(e.string("altText"), "Play"), sources[0].string("url"))
	}
}

// actions keeps what opens a page and shows what a button would have unfolded.
func (a *adaptive) actions(list node, link func(name, address string), depth int) {
	if depth > maxDepth {
		a.deep = true
		return
	}
	for _, act := range list.list() {
		switch act.kind() {
		case "action.togglevisibility": // what it would show is shown
		case "action.showcard":
			a.divide()
			if title := act.string("title"); title != "" && !a.empty() {
				a.heading(card.Escape(title))
			}
			a.elements(act.get("card").get("body"), depth+1)
			a.actions(act.get("card").get("actions"), a.link, depth+1)
			a.flush()
		default:
			link(cmp.Or(act.string("title", "tooltip"), "Open"), act.string("url"))
		}
	}
}

func (a *adaptive) selectAction(e node, link func(name, address string)) {
	if s := e.get("selectAction"); s.kind() == "action.openurl" {
		link(cmp.Or(s.string("title", "tooltip"), e.string("altText")), s.string("url"))
	}
}

// inlines joins the runs of a RichTextBlock, which hold no Markdown.
func inlines(list node) string {
	var text strings.Builder
	for _, r := range list.list() {
		if !r.isObject() {
			text.WriteString(card.Escape(r.text()))
			continue
		}
		run := strings.ReplaceAll(card.Escape(r.string("text")), "\n", "\n\n")
		for _, style := range []struct {
			mark string
			set  bool
		}{{"~~", r.get("strikethrough").is(true)}, {"*", r.get("italic").is(true)}, {"**", r.get("weight").word() == "bolder"}} {
			if style.set {
				run = emphasise(run, style.mark)
			}
		}
		if s := r.get("selectAction"); s.kind() == "action.openurl" {
			run = linked(run, s.string("url"))
		}
		text.WriteString(run)
	}
	return text.String()
}

// emphasise puts marks around a text without the blanks at its ends, next to which
// marks have no effect.
func emphasise(s, mark string) string {
	core := strings.TrimSpace(s)
	if core == "" {
		return s
	}
	lead := s[:strings.Index(s, core)]
	return lead + mark + core + mark + s[len(lead)+len(core):]
}

// mentions replaces a card's mentions, which work only in Teams and only with the
// entities beside them, by those of a Connector Card, with the person's id in Teams as
// the login. A mention without an entity becomes a name.
func mentions(entities node) *strings.Replacer {
	var pairs []string
	for _, e := range entities.list() {
		who := e.get("mentioned")
		if text := e.string("text"); strings.HasPrefix(text, "<at>") {
			pairs = append(pairs, text, card.Mention(who.string("id"), who.string("name")))
		}
	}
	return strings.NewReplacer(append(pairs, "<at>", "", "</at>", "")...)
}

// words are an element's text.
func (a *adaptive) words(n node) string { return a.mentions.Replace(n.text()) }

// fence makes a text a block of code.
func fence(code, language string) string {
	if strings.TrimSpace(code) == "" {
		return ""
	}
	language = strings.Map(func(r rune) rune {
		if r > ' ' && r != '`' && r < unicode.MaxASCII {
			return r
		}
		return -1
	}, language)
	return "```" + language + "\n" + strings.Trim(strings.ReplaceAll(code, "```", "'''"), "\n") + "\n```"
}
