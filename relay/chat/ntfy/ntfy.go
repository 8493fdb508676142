// Package ntfy is ntfy.
package ntfy

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// mostActions is how many buttons a message has: https://docs.ntfy.sh/publish/#action-buttons.
const mostActions = 3

// System returns ntfy. It writes a message for the server's root, with the topic in it.
func System() chat.System {
	type action struct {
		Action string `json:"action"`
		Label  string `json:"label"`
		URL    string `json:"url"`
	}
	type message struct {
		Topic    string   `json:"topic"`
		Title    string   `json:"title,omitempty"`
		Message  string   `json:"message"`
		Markdown bool     `json:"markdown"`
		Click    string   `json:"click,omitempty"`
		Icon     string   `json:"icon,omitempty"`
		Attach   string   `json:"attach,omitempty"`
		Actions  []action `json:"actions,omitempty"`
	}
	form := chat.Form{
		Read: read, Address: root, Header: chat.Bearer,
		Limits: size.Limits{
			size.MessageBytes.AtMost(4_096, "https://docs.ntfy.sh/publish/#limitations; a longer one becomes a file"),
			size.Bytes.AtMost(8_192, "twice the message (ntfy, server.go: publishing as JSON)"),
			size.AddressLength.AtMost(1_024, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~<>#", Start: "-+", Strong: "**", Emphasis: "*", Entities: true, Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true,
			})
			m := message{Topic: w.Settings.Text(topicName), Title: d.Headline(), Markdown: true, Click: d.FirstLink()}
			m.Icon, m.Attach = firstPictures(d)
			var rest markup.Text
			if links, others := draft.Split(d.Actions); len(links) <= mostActions {
				for _, l := range links {
					m.Actions = append(m.Actions, action{Action: "view", Label: l.Name, URL: l.Address})
				}
				d.Actions, rest = nil, others
			}
			m.Message = dialect.Write(slices.Concat(d.By(), d.Body(), rest))
			if m.Message == "" {
				m.Message = dialect.Write(markup.Words(d.Headline()))
			}
			body, err := card.JSON(m)
			return draft.Written{Body: body, Used: size.Used{size.MessageBytes: len(m.Message)}}, err
		},
	}
	return chat.System{
		Name: "ntfy", Summary: "A topic of ntfy, on ntfy.sh or on your own server; the url ends with the topic.",
		Settings: []chat.Setting{chat.URL(), chat.Token().Optional()},
		Forms:    []chat.Form{form},
		Rate:     chat.Rate{PerSecond: 0.2, Burst: 60, Source: "https://docs.ntfy.sh/publish/#limitations: 60 at once, one more every five seconds"},
	}
}

// topicName is where root leaves the topic for the writer.
const topicName = "to"

var errNoTopic = errors.New("the channel's url has no topic at its end; write the server's address and the topic, such as https://ntfy.sh/TOPIC")

// root takes the topic off a URL: as JSON a message goes to the server's root with the
// topic in it (https://docs.ntfy.sh/publish/#publish-as-json).
func root(text string, s chat.Settings) (string, error) {
	text = chat.Server(text)
	_, path, _ := strings.Cut(text, "://")
	i := strings.LastIndex(path, "/")
	if i < 0 || path[i+1:] == "" {
		return "", errNoTopic
	}
	topic := path[i+1:]
	if plain, err := url.PathUnescape(topic); err == nil {
		s.Set(topicName, plain)
	}
	return strings.TrimSuffix(text, topic), nil
}

// firstPictures are a card's first avatar and its first other picture.
func firstPictures(d draft.Draft) (avatar, large string) {
	if by, ok := d.Sender(); ok {
		avatar = by.Avatar
	}
	for _, s := range d.Sections {
		avatar = cmp.Or(avatar, s.Avatar)
		if list := s.Pictures(); large == "" && len(list) > 0 {
			large = list[0].URL
		}
	}
	return avatar, large
}

// read reads the answer of a server, whose errors have codes that begin with the
// status (binwiederhier/ntfy, server/errors.go).
func read(a answer.Answer) answer.Reading {
	var e struct {
		ID   string `json:"id"`
		Code int    `json:"code"`
	}
	a.Decode(&e)
	switch {
	case a.OK() && e.ID != "":
		return a.Is(delivery.VerdictDelivered)
	case a.OK():
		return a.WrongType("with an id as ntfy does")
	case e.Code == 40009, e.Code == 40010:
		return a.Is(delivery.VerdictRefused) // the topic is invalid, or not allowed
	case e.Code == 40014:
		return a.TooLarge() // a long message would be an attachment, and those are turned off
	case e.Code == 42908, e.Code == 42905:
		return a.Because(delivery.VerdictThrottled, "the day's allowance is used up")
	}
	return a.ByStatus()
}
