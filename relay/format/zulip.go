package format

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/format/markup"
)

// Zulip writes a message of the API's own form: a channel's, with the thread as its
// topic where there is one.
func Zulip(s Settings) Format {
	const limits = "https://zulip.com/api/send-message"
	return Format{
		Name: "zulip", ContentType: "application/x-www-form-urlencoded", parser: markup.NewParser(),
		Limits: Limits{
			{Characters, 10_000, limits + ": max_message_length"},
			{Bytes, 120_000, "10,000 characters of up to twelve bytes each in a form"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				// What a backslash escapes is Python-Markdown's list.
				Special: "\\*_[]()`>#!", Start: "-+", Strong: "**", Emphasis: "*", Strike: "~~", Code: true, Fence: true,
				Headings: 6, Quotes: true, Tables: true, Autolink: true, Rule: "---", Defuse: zulipDefuse,
			})
			dialect.Mention = w.mention(zulipMention, func(s string) string { return dialect.Text(s, false) })
			text := dialect.Write(d.document())
			form := url.Values{"type": {"stream"}, "to": {s.To}, "topic": {zulipTopic(d, s, w.Thread)}, "content": {text}}
			return encoded{body: []byte(form.Encode()), used: map[Unit]int{Characters: utf8.RuneCountInString(text)}}, nil
		},
	}
}

// zulipDefuse stops what a backslash does not: strikethrough, formulas and people.
func zulipDefuse(s string) string { return quietAt(defuse("~~", "$$")(s)) }

// zulipMention names a person by name, by user id, or both:
// https://zulip.com/help/format-your-message-using-markdown#mentions.
func zulipMention(p Person) string {
	if strings.Trim(p.ID, "0123456789") == "" {
		return "@**" + markup.Letters(p.Name) + "|" + p.ID + "**"
	}
	return "@**" + strings.NewReplacer("*", "", "|", "").Replace(p.ID) + "**"
}

// longestTopic is Zulip's max_topic_length.
const longestTopic = 60

func zulipTopic(d draft, s Settings, thread string) string {
	for _, topic := range []string{thread, s.Topic, d.headline()} {
		if topic = end(topic, longestTopic); topic != "" {
			return topic
		}
	}
	return "relay"
}
