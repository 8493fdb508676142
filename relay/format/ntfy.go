package format

import (
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/format/markup"
)

// ntfyActions is how many buttons a message has: https://docs.ntfy.sh/publish/#action-buttons.
const ntfyActions = 3

// Ntfy writes a message for the server's root, which the topic goes along with.
func Ntfy(s Settings) Format {
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
	return Format{
		Name: "ntfy", ContentType: contentType, parser: markup.NewParser(),
		Limits: Limits{
			{MessageBytes, 4_096, "https://docs.ntfy.sh/publish/#limitations; a longer one becomes a file"},
			{Bytes, 8_192, "twice the message (ntfy, server.go: publishing as JSON)"},
		},
		encode: func(d draft, _ *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~<>#", Start: "-+", Strong: "**", Emphasis: "*", Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true,
			})
			m := message{Topic: s.To, Title: d.headline(), Markdown: true, Click: d.firstLink()}
			pictures(d, &m.Icon, &m.Attach)
			if links, _ := split(d.actions); len(links) <= ntfyActions {
				for _, l := range links {
					m.Actions = append(m.Actions, action{Action: "view", Label: l.name, URL: l.address})
				}
				d.actions = withoutLinks(d.actions)
			}
			m.Message = dialect.Write(d.body())
			if m.Message == "" {
				m.Message = dialect.Write(markup.Words(d.headline()))
			}
			body, err := encode(m)
			return encoded{body: body, used: map[Unit]int{MessageBytes: len(m.Message)}}, err
		},
	}
}

// pictures finds a card's first avatar and first picture.
func pictures(d draft, avatar, large *string) {
	for i := range d.sections {
		s := d.sections[i]
		if *avatar == "" {
			*avatar = s.avatar
		}
		if list := s.pictures(); *large == "" && len(list) > 0 {
			*large = list[0].URL
		}
	}
}

func withoutLinks(actions []card.Action) []card.Action {
	var rest []card.Action
	for _, a := range actions {
		if links, _ := split([]card.Action{a}); len(links) == 0 {
			rest = append(rest, a)
		}
	}
	return rest
}
