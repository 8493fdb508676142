package webhook

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// richText reads a rich_text block, which senders copy from Slack's own editor.
func richText(elements []node) string {
	var parts []string
	for _, e := range elements {
		switch e.kind() {
		case "rich_text_list":
			parts = append(parts, richList(e))
		case "rich_text_quote":
			parts = append(parts, "> "+strings.ReplaceAll(richRuns(e), "\n\n", "\n> \n> "))
		case "rich_text_preformatted":
			parts = append(parts, fence(plainRuns(e), ""))
		default:
			parts = append(parts, richRuns(e))
		}
	}
	return strings.Join(parts, "\n\n")
}

func richList(e node) string {
	mark := "- "
	if e.get("style").word() == "ordered" {
		mark = "1. "
	}
	indent, _ := strconv.Atoi(e.string("indent"))
	var lines []string
	for _, point := range e.get("elements").list() {
		lines = append(lines, strings.Repeat("  ", min(max(indent, 0), 8))+mark+strings.ReplaceAll(richRuns(point), "\n\n", " "))
	}
	return strings.Join(lines, "\n")
}

// richRuns joins the runs of a section.
func richRuns(e node) string {
	var b strings.Builder
	for _, r := range e.get("elements").list() {
		b.WriteString(richRun(r))
	}
	return strings.TrimSpace(b.String())
}

func richRun(r node) string {
	text := r.string("text")
	switch r.kind() {
	case "link":
		address := r.string("url")
		if isWeb(address) {
			return link(cmp.Or(text, address), address)
		}
		return cmp.Or(readable(text, address), card.Escape(text))
	case "emoji":
		return richEmoji(r)
	case "date":
		return linked(card.Escape(slackDate(r.string("timestamp"), r.string("format"), r.string("fallback"))), r.string("url"))
	case "color":
		return card.Escape(r.string("value"))
	case "user", "channel", "usergroup", "broadcast":
		if id := r.string("user_id", "channel_id", "usergroup_id", "range"); id != "" {
			return "@" + card.Escape(id)
		}
		return ""
	}
	style := r.get("style")
	if style.get("code").is(true) {
		return emphasise(strings.ReplaceAll(text, "`", "'"), "`")
	}
	text = strings.ReplaceAll(card.Escape(text), "\n", "\n\n")
	for _, mark := range []struct{ name, with string }{{"strike", "~~"}, {"italic", "_"}, {"bold", "**"}} {
		if style.get(mark.name).is(true) {
			text = emphasise(text, mark.with)
		}
	}
	return text
}

func plainRuns(e node) string {
	var b strings.Builder
	for _, r := range e.get("elements").list() {
		b.WriteString(r.string("text", "url"))
	}
	return b.String()
}
