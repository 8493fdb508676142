// Package zulip is Zulip, by its API.
package zulip

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// System returns Zulip. It writes a message as the API takes it: a channel's, with the
// thread as its topic where there is one.
func System() chat.System {
	const limits = "https://zulip.com/api/send-message"
	form := chat.Form{
		ContentType: "application/x-www-form-urlencoded", Read: read, Address: messages, Header: signIn,
		Limits: size.Limits{
			size.Characters.AtMost(10_000, limits+": max_message_length"),
			size.Bytes.AtMost(120_000, "10,000 characters of up to twelve bytes each in a form"),
			size.AddressLength.AtMost(2_048, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := newDialect(w)
			text := dialect.Write(d.Document())
			form := url.Values{"type": {"stream"}, "to": {w.Settings.Text("to")}, "topic": {topic(d, w)}, "content": {text}}
			return draft.Written{Body: []byte(form.Encode()), Used: size.Used{size.Characters: utf8.RuneCountInString(text)}}, nil
		},
	}
	return chat.System{
		Name: "zulip", Summary: "A channel of Zulip, by a bot.",
		Settings: []chat.Setting{
			chat.ServerURL(),
			{Name: "user", Kind: chat.Text, Required: true, Doc: "the mail address of the bot"},
			chat.Token(),
			chat.To(),
			{Name: "topic", Kind: chat.Text, Doc: "the topic of cards without a thread"},
			chat.Thread(),
		},
		Forms:  []chat.Form{form},
		Rate:   chat.Rate{PerSecond: 3, Burst: 20, Source: "https://zulip.com/api/rest-error-handling: 200 requests a minute"},
		Person: &chat.Identity{Pattern: regexp.MustCompile(`^[^*|]+$`), Doc: "it is the user id, a number, or the full name"},
	}
}

// messages is where a server takes them; people give the server's own address.
func messages(url string, _ chat.Settings) (string, error) {
	const path = "/api/v1/messages"
	return strings.TrimSuffix(chat.Server(url), path) + path, nil
}

// signIn signs in with the channel's user and token.
func signIn(r chat.Request) (http.Header, error) {
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	req := http.Request{Header: make(http.Header, 3)}
	req.SetBasicAuth(r.Settings.Text("user"), token)
	return req.Header, nil
}

// newDialect follows the server's own parser, zerver/lib/markdown in zulip/zulip.
func newDialect(w *chat.Writing) markup.Dialect {
	d := markup.Markdown(markup.Flavour{
		Strong: "**", Emphasis: "*", Strike: "~~", Code: true, Fence: true,
		Headings: 6, Quotes: true, Tables: true, Autolink: true, Rule: "---", Escape: escape(),
	})
	fence, code := d.Fence, d.Code
	d.Code = func(s string) string { return code(quiet(s)) }
	d.Fence = func(language, code string) string {
		switch language {
		case "quote", "quoted", "spoiler", "math", "latex", "tex":
			language = "" // these are no code
		}
		return fence(language, quiet(code))
	}
	plain := d.Address
	d.Address = func(address string, ends bool) string {
		return plain(address, ends && quiet(address) == address)
	}
	d.Mention, d.MentionAfter = w.Mention(mention), `'"({[/<`
	return d
}

// quiet keeps text from calling people, groups and channels, in code as well:
// what is code here may be none for the server, such as a block in an item of a list.
func quiet(s string) string { return markup.Defuse("@*", "@_*", "#*")(s) }

// escape writes what means something as entities: a backslash escapes nothing
// (zulip/zulip#18202).
func escape() func(s string, start bool) string {
	entities := strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "&#42;", "`", "&#96;", "[", "&#91;", "]", "&#93;", "~", "&#126;", "$$", "&#36;$", "|", "&#124;", "\\", "&#92;",
	)
	escape := func(s string) string { return quiet(entities.Replace(s)) }
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

// mention names a person by user id, or else by full name:
// https://zulip.com/help/format-your-message-using-markdown#mentions.
func mention(p chat.Person) string {
	if strings.Trim(p.ID, "0123456789") == "" {
		return "@**|" + p.ID + "**"
	}
	return "@**" + strings.NewReplacer("*", "", "|", "").Replace(p.ID) + "**"
}

// longestTopic is Zulip's max_topic_length.
const longestTopic = 60

func topic(d draft.Draft, w *chat.Writing) string {
	// Where a thread's name is too long, its number is at the end.
	if topic := markup.Middle(w.Thread, longestTopic); topic != "" {
		return topic
	}
	for _, topic := range []string{w.Settings.Text("topic"), d.Headline()} {
		if topic = markup.End(topic, longestTopic); topic != "" {
			return topic
		}
	}
	return "relay"
}

// read reads the answer of the API
// (https://zulip.com/api/rest-error-handling, https://zulip.com/api/send-message).
func read(a answer.Answer) answer.Reading {
	var e struct {
		Result     string  `json:"result"`
		Message    string  `json:"msg"`
		Code       string  `json:"code"`
		RetryAfter float64 `json:"retry-after"`
	}
	a.Decode(&e)
	switch {
	case a.OK() && e.Result == "success":
		return a.Is(delivery.VerdictDelivered)
	case a.OK():
		return a.WrongType("with JSON as Zulip does")
	case a.Status == 429, e.Code == "RATE_LIMIT_HIT":
		return a.Is(delivery.VerdictThrottled).After(e.RetryAfter)
	case strings.Contains(e.Message, "too long"):
		return a.TooLarge()
	case strings.Contains(e.Message, "Not authorized to send"):
		return a.Is(delivery.VerdictRefused) // with the code of any bad request
	}
	switch e.Code {
	case "STREAM_DOES_NOT_EXIST", "CHANNEL_DOES_NOT_EXIST", "UNAUTHORIZED", "INVALID_API_KEY", "UNAUTHENTICATED_USER", "USER_DEACTIVATED", "REALM_DEACTIVATED":
		return a.Is(delivery.VerdictRefused)
	}
	return a.ByStatus()
}
