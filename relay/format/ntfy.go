package format

import (
	"cmp"
	"slices"

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
			{AddressLength, 1_024, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, _ *writing) (encoded, error) {
			dialect := markup.Markdown(markup.Flavour{
				Special: "\\*_[]()`~<>#", Start: "-+", Strong: "**", Emphasis: "*", Entities: true, Code: true, Fence: true,
				Headings: 3, Quotes: true, Autolink: true,
			})
			m := message{Topic: s.To, Title: d.headline(), Markdown: true, Click: d.firstLink()}
			m.Icon, m.Attach = d.firstPictures()
			var rest markup.Text
			if links, others := split(d.actions); len(links) <= ntfyActions {
				for _, l := range links {
					m.Actions = append(m.Actions, action{Action: "view", Label: l.name, URL: l.address})
				}
				d.actions, rest = nil, others
			}
			m.Message = dialect.Write(slices.Concat(d.by(), d.body(), rest))
			if m.Message == "" {
				m.Message = dialect.Write(markup.Words(d.headline()))
			}
			body, err := encode(m)
			return encoded{body: body, used: map[Unit]int{MessageBytes: len(m.Message)}}, err
		},
	}
}

// firstPictures are a card's first avatar and its first other picture.
func (d draft) firstPictures() (avatar, large string) {
	if by, ok := d.sender(); ok {
		avatar = by.avatar
	}
	for _, s := range d.sections {
		avatar = cmp.Or(avatar, s.avatar)
		if list := s.pictures(); large == "" && len(list) > 0 {
			large = list[0].URL
		}
	}
	return avatar, large
}
