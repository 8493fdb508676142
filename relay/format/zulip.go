package format

import (
	"net/url"
	"strconv"
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
			{AddressLength, 2_048, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			dialect := zulipDialect(w)
			text := dialect.Write(d.document())
			form := url.Values{"type": {"stream"}, "to": {s.To}, "topic": {zulipTopic(d, s, w.Thread)}, "content": {text}}
			return encoded{body: []byte(form.Encode()), used: map[Unit]int{Characters: utf8.RuneCountInString(text)}}, nil
		},
	}
}

// zulipDialect follows the server's own parser, zerver/lib/markdown in zulip/zulip.
func zulipDialect(w *writing) markup.Dialect {
	d := markup.Markdown(markup.Flavour{
		Strong: "**", Emphasis: "*", Strike: "~~", Code: true, Fence: true,
		Headings: 6, Quotes: true, Tables: true, Autolink: true, Rule: "---", Escape: zulipText(),
	})
	fence, code := d.Fence, d.Code
	d.Code = func(s string) string { return code(zulipDefuse(s)) }
	d.Fence = func(language, code string) string {
		switch language {
		case "quote", "quoted", "spoiler", "math", "latex", "tex":
			language = "" // these are no code
		}
		return fence(language, zulipDefuse(code))
	}
	plain := d.Address
	d.Address = func(address string, ends bool) string {
		return plain(address, ends && zulipDefuse(address) == address)
	}
	d.Mention, d.MentionAfter = w.mention(zulipMention), `'"({[/<`
	return d
}

// zulipDefuse keeps text from calling people, groups and channels, in code as well:
// what is code here may be none for the server, such as a block in an item of a list.
func zulipDefuse(s string) string { return defuse("@*", "@_*", "#*")(s) }

// zulipText writes what means something as entities: a backslash escapes nothing
// (zulip/zulip#18202).
func zulipText() func(s string, start bool) string {
	entities := strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "&#42;", "`", "&#96;", "[", "&#91;", "]", "&#93;", "~", "&#126;", "$$", "&#36;$", "|", "&#124;", "\\", "&#92;",
	)
	escape := func(s string) string { return zulipDefuse(entities.Replace(s)) }
	return func(s string, start bool) string {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		switch {
		case !start || s == "":
		case strings.ContainsRune("-+#_", rune(s[0])):
			return "&#" + strconv.Itoa(int(s[0])) + ";" + escape(s[1:])
		case digits > 0 && strings.HasPrefix(s[digits:], "."):
			return s[:digits] + "&#46;" + escape(s[digits+1:])
		}
		return escape(s)
	}
}

// zulipMention names a person by user id, or else by full name:
// https://zulip.com/help/format-your-message-using-markdown#mentions.
func zulipMention(p Person) string {
	if strings.Trim(p.ID, "0123456789") == "" {
		return "@**|" + p.ID + "**"
	}
	return "@**" + strings.NewReplacer("*", "", "|", "").Replace(p.ID) + "**"
}

// longestTopic is Zulip's max_topic_length.
const longestTopic = 60

func zulipTopic(d draft, s Settings, thread string) string {
	// Where a thread's name is too long, its number is at the end.
	if topic := middle(thread, longestTopic); topic != "" {
		return topic
	}
	for _, topic := range []string{s.Topic, d.headline()} {
		if topic = end(topic, longestTopic); topic != "" {
			return topic
		}
	}
	return "relay"
}
