package webhook

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Slack and its imitators take the same JSON, and a Connector Card may be nothing but a
// text. What follows tells them apart by what only one of them has.

// looks recognises a payload's kind by what only that kind has.
func looks(root node) string {
	if root.get("@type").text() != "" || len(root.get("sections").list()) > 0 {
		return acceptCard
	}
	if root.kind() == "adaptivecard" {
		return acceptAdaptive
	}
	attachments := root.get("attachments").list()
	for _, a := range attachments {
		if a.has("contentType", "contentUrl") || a.get("content").isObject() {
			return acceptAdaptive
		}
	}
	if len(attachments) > 0 || len(root.get("blocks").list()) > 0 || isSlack(root) {
		return acceptSlack
	}
	return acceptCard
}

// isSlack reports whether a payload without blocks and attachments is Slack's or an
// imitator's.
func isSlack(root node) bool {
	if root.has("title", "sections", "potentialAction", "themeColor") {
		return false
	}
	return root.has("channel", "username", "icon_emoji", "icon_url", "mrkdwn", "link_names", "unfurl_links", "unfurl_media", "thread_ts",
		"response_type", "alias", "avatar", "emoji", "props") || hasAngled(root.string("text"))
}

// hasAngled reports whether a text has a link or a mention in Slack's form, which no
// Connector Card has.
func hasAngled(text string) bool {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			return false
		}
		inner, _, closed := strings.Cut(after[:min(len(after), maxAngled)], ">")
		address, label, labelled := strings.Cut(inner, "|")
		switch {
		case !closed || strings.Contains(inner, "\n"):
		case labelled && label != "" && (isWeb(address) || strings.HasPrefix(address, "mailto:")):
			return true
		case slices.Contains([]string{"!here", "!channel", "!everyone"}, address), strings.HasPrefix(address, "!date^"), strings.HasPrefix(address, "!subteam^"):
			return true
		}
		rest = after
	}
}

// maxAngled is how long a link between angle brackets may be.
const maxAngled = 4096

// isImitator reports whether a Slack payload is for Mattermost or Rocket.Chat, whose
// texts are Markdown: by members that only these have, or by syntax that only Markdown
// has.
func isImitator(root node) bool {
	if root.get("mrkdwn").is(true) || len(root.get("blocks").list()) > 0 {
		return false
	}
	if root.has("alias", "avatar", "emoji", "props", "priority") || strings.HasPrefix(root.kind(), "custom_") {
		return true
	}
	texts := []string{root.string("text")}
	for _, a := range root.get("attachments").list() {
		if strings.Contains(a.string("ts"), "T") || a.has("collapsed", "message_link", "audio_url", "video_url", "title_link_download") {
			return true
		}
		if !a.has("mrkdwn_in", "blocks") {
			texts = append(texts, a.string("text"))
		}
	}
	return slices.ContainsFunc(texts, onlyMarkdown.MatchString)
}

// onlyMarkdown matches headings, the line below a table's header, and links.
var onlyMarkdown = regexp.MustCompile(`(?m)^#{1,6} \S|^ {0,3}\|?[ :]*-{3,}[ :]*\|[ :|-]*$|\]\(https?://`)

// dialect guesses whose payload an unreadable body is.
func (h *Webhook) dialect(body []byte) string {
	if h.Accept == acceptSlack || h.Accept == acceptAdaptive {
		return h.Accept
	}
	for _, sign := range []struct{ word, dialect string }{
		{"AdaptiveCard", acceptAdaptive},
		{"application/vnd.microsoft.", acceptAdaptive},
		{"MessageCard", acceptCard},
		{"payload=", acceptSlack},
		{`"blocks"`, acceptSlack},
		{`"attachments"`, acceptSlack},
		{`"channel"`, acceptSlack},
		{`"icon_emoji"`, acceptSlack},
	} {
		if bytes.Contains(body, []byte(sign.word)) {
			return sign.dialect
		}
	}
	return acceptCard
}
