// Package chattest judges payloads by the rules of the chat systems they are for:
// strictly, by what is documented and by well-kept clients' own types, and knowing
// nothing of how the systems write them. It is for tests.
package chattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/atc0005/go-teams-notify/v2/adaptivecard"
	"github.com/bwmarrin/discordgo"
	"golang.org/x/net/html"
)

// Judge reports what a chat system would not take of a payload. The name is the system's
// and, where it has several, the form's.
func Judge(name string, body []byte) error {
	judges := map[string]func([]byte) error{
		"slack": slackMessage, "discord": discordMessage, "mattermost": attachments(16_383), "rocketchat": attachments(5_000),
		"googlechat": googleMessage, "webex": webexMessage, "zulip": zulipMessage, "matrix event": matrixEvent, "matrix hookshot": hookshotBody,
		"ntfy": ntfyMessage, "teams message": teamsMessage, "teams card": teamsCard, "office365": connectorCard, "teams connector-card": connectorCard, "webhook": connectorCard,
	}
	judge := judges[name]
	if judge == nil {
		return fmt.Errorf("there is no judge for %s", name)
	}
	if !utf8.Valid(body) {
		return errors.New("not UTF-8")
	}
	return judge(body)
}

// strictly reads JSON that may have no member that the value does not know.
func strictly(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more after the JSON")
	}
	return nil
}

// most reports what is longer than allowed, in characters, or empty where it must not be.
func most(what, s string, n int) error {
	if length := utf8.RuneCountInString(s); length > n || length == 0 {
		return fmt.Errorf("%s has %d characters, and may have 1 to %d", what, length, n)
	}
	return nil
}

// discordMessage: https://discord.com/developers/docs/resources/message#embed-object-embed-limits.
func discordMessage(body []byte) error {
	var m discordgo.WebhookParams
	if err := strictly(body, &m); err != nil {
		return err
	}
	if len(m.Embeds) == 0 || len(m.Embeds) > 10 || utf8.RuneCountInString(m.Content) > 2000 {
		return fmt.Errorf("%d embeds, %d characters of content", len(m.Embeds), utf8.RuneCountInString(m.Content))
	}
	if m.AllowedMentions == nil || m.AllowedMentions.Parse == nil || len(m.AllowedMentions.Parse) > 0 {
		return errors.New("anybody could be mentioned")
	}
	total := 0
	for _, e := range m.Embeds {
		if e.Title == "" && e.Description == "" && len(e.Fields) == 0 && e.Image == nil && e.Author == nil {
			return errors.New("an embed is empty")
		}
		n, err := discordEmbed(e)
		if err != nil {
			return err
		}
		total += n
	}
	if total > 6000 {
		return fmt.Errorf("%d characters in all embeds", total)
	}
	return nil
}

func discordEmbed(e *discordgo.MessageEmbed) (int, error) {
	length := utf8.RuneCountInString
	total := length(e.Title) + length(e.Description)
	if length(e.Title) > 256 || length(e.Description) > 4096 || len(e.Fields) > 25 || len(e.URL) > 2048 {
		return 0, fmt.Errorf("an embed has a title of %d, a description of %d characters and %d fields", length(e.Title), length(e.Description), len(e.Fields))
	}
	for _, f := range e.Fields {
		total += length(f.Name) + length(f.Value)
		if err := errors.Join(most("a field's name", f.Name, 256), most("a field's value", f.Value, 1024)); err != nil {
			return 0, err
		}
	}
	if e.Author != nil {
		total += length(e.Author.Name)
		return total, most("an author", e.Author.Name, 256)
	}
	return total, nil
}

// attachments are those of Mattermost and Rocket.Chat.
func attachments(longest int) func([]byte) error {
	return func(body []byte) error {
		var m struct {
			Text        string `json:"text"`
			Attachments []struct {
				Fallback   string `json:"fallback"`
				Color      string `json:"color"`
				AuthorName string `json:"author_name"`
				AuthorIcon string `json:"author_icon"`
				Title      string `json:"title"`
				TitleLink  string `json:"title_link"`
				Text       string `json:"text"`
				ImageURL   string `json:"image_url"`
				Fields     []struct {
					Title string `json:"title"`
					Value string `json:"value"`
					Short bool   `json:"short"`
				} `json:"fields"`
			} `json:"attachments"`
		}
		if err := strictly(body, &m); err != nil {
			return err
		}
		if len(m.Attachments) == 0 {
			return errors.New("there is no attachment")
		}
		for _, a := range m.Attachments {
			if utf8.RuneCountInString(a.Text) > longest || utf8.RuneCountInString(a.Title) > 1024 && longest == 5000 {
				return fmt.Errorf("a text of %d, a title of %d characters", utf8.RuneCountInString(a.Text), utf8.RuneCountInString(a.Title))
			}
			if a.Color != "" && (len(a.Color) != 7 || a.Color[0] != '#') {
				return fmt.Errorf("the colour %q", a.Color)
			}
		}
		return nil
	}
}

// webexMessage: https://developer.webex.com/docs/api/v1/messages/create-a-message.
func webexMessage(body []byte) error {
	var m struct {
		Markdown string `json:"markdown"`
	}
	if err := strictly(body, &m); err != nil {
		return err
	}
	if len(m.Markdown) == 0 || len(m.Markdown) > 7439 {
		return fmt.Errorf("%d bytes of Markdown", len(m.Markdown))
	}
	return nil
}

// zulipMessage: https://zulip.com/api/send-message.
func zulipMessage(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	for name := range form {
		if !slices.Contains([]string{"type", "to", "topic", "content"}, name) {
			return fmt.Errorf("the parameter %q", name)
		}
	}
	if form.Get("type") != "stream" || form.Get("to") == "" {
		return fmt.Errorf("type %q, to %q", form.Get("type"), form.Get("to"))
	}
	return errors.Join(most("the topic", form.Get("topic"), 60), most("the content", form.Get("content"), 10_000))
}

// matrixEvent: https://spec.matrix.org/latest/client-server-api/#mroommessage.
func matrixEvent(body []byte) error {
	var m struct {
		Type          string `json:"msgtype"`
		Body          string `json:"body"`
		Format        string `json:"format"`
		FormattedBody string `json:"formatted_body"`
		Mentions      *struct {
			UserIDs []string `json:"user_ids"`
		} `json:"m.mentions"`
	}
	if err := strictly(body, &m); err != nil {
		return err
	}
	if m.Body == "" || m.Format != "org.matrix.custom.html" || m.Mentions == nil || m.Type != "m.notice" && m.Type != "m.text" || len(body) > 65_536-1_000 {
		return fmt.Errorf("a %s of %d bytes with the body %q", m.Type, len(body), m.Body[:min(20, len(m.Body))])
	}
	return matrixHTML(m.FormattedBody)
}

func hookshotBody(body []byte) error {
	var m struct {
		Text string `json:"text"`
		HTML string `json:"html"`
	}
	if err := strictly(body, &m); err != nil {
		return err
	}
	if m.Text == "" || len(body) > 32_000 {
		return fmt.Errorf("%d bytes, text %q", len(body), m.Text[:min(20, len(m.Text))])
	}
	return matrixHTML(m.HTML)
}

// matrixHTML allows the elements that clients should draw, well nested.
func matrixHTML(source string) error {
	allowed := strings.Fields("del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u strong em s code hr br div table thead tbody tr th td caption pre span font")
	var open []string
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if len(open) > 0 {
				return fmt.Errorf("%v is not closed", open)
			}
			return nil
		case html.StartTagToken, html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			switch {
			case !slices.Contains(allowed, tag):
				return fmt.Errorf("the element %s", tag)
			case tag == "br" || tag == "hr":
			case kind == html.StartTagToken:
				open = append(open, tag)
			case len(open) == 0 || open[len(open)-1] != tag:
				return fmt.Errorf("%s ends inside of %v", tag, open)
			default:
				open = open[:len(open)-1]
			}
		default:
		}
	}
}

// ntfyMessage: https://docs.ntfy.sh/publish/#publish-as-json.
func ntfyMessage(body []byte) error {
	var m struct {
		Topic    string `json:"topic"`
		Title    string `json:"title"`
		Message  string `json:"message"`
		Markdown bool   `json:"markdown"`
		Click    string `json:"click"`
		Icon     string `json:"icon"`
		Attach   string `json:"attach"`
		Actions  []struct {
			Action string `json:"action"`
			Label  string `json:"label"`
			URL    string `json:"url"`
		} `json:"actions"`
	}
	if err := strictly(body, &m); err != nil {
		return err
	}
	if m.Topic == "" || m.Message == "" || len(m.Message) > 4096 || len(body) > 8192 || len(m.Actions) > 3 {
		return fmt.Errorf("topic %q, %d bytes of message, %d in all, %d actions", m.Topic, len(m.Message), len(body), len(m.Actions))
	}
	for _, a := range m.Actions {
		if a.Action != "view" || a.Label == "" || a.URL == "" {
			return fmt.Errorf("the action %+v", a)
		}
	}
	return nil
}

// teamsMessage is judged by go-teams-notify, which posts to the same flows. It does
// not know the style and sizes of pictures, nor reads the widths of a table's columns back; both
// are documented.
func teamsMessage(body []byte) error {
	if len(body) > 28_672 {
		return fmt.Errorf("%d bytes", len(body))
	}
	if err := mentions(body); err != nil {
		return err
	}
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return err
	}
	body, err := json.Marshal(known(tree))
	if err != nil {
		return err
	}
	var m adaptivecard.Message
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	return m.Validate()
}

// mentions makes sure that every mention has its text in the card, to the letter,
// and every such text its mention: a dangling one is shown as it is.
func mentions(body []byte) error {
	var m struct {
		Attachments []struct {
			Content struct {
				Teams struct {
					Entities []struct {
						Text string `json:"text"`
					} `json:"entities"`
				} `json:"msteams"`
			} `json:"content"`
		} `json:"attachments"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	rest := string(body)
	for _, a := range m.Attachments {
		for _, e := range a.Content.Teams.Entities {
			if strings.Count(rest, e.Text) < 2 {
				return fmt.Errorf("%s is mentioned and not in the card", e.Text)
			}
			rest = strings.ReplaceAll(rest, e.Text, "")
		}
	}
	if strings.Contains(rest, "<at>") {
		return errors.New("a mention of nobody")
	}
	return nil
}

// known drops what go-teams-notify does not know, and mentions, which it looks for in
// the outermost elements only. Words of the schema begin in either case: senders write
// "Medium" and "Bolder", go-teams-notify knows "medium" and "bolder".
func known(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = known(v[i])
		}
	case map[string]any:
		switch v["type"] {
		case "Image":
			delete(v, "style")
			delete(v, "size")
		case "TableColumnDefinition":
			delete(v, "width")
		}
		for _, name := range []string{"size", "weight", "color"} {
			if word, ok := v[name].(string); ok && word != "" {
				v[name] = strings.ToLower(word[:1]) + word[1:]
			}
		}
		delete(v, "entities")
		for name := range v {
			v[name] = known(v[name])
		}
	}
	return v
}

func teamsCard(body []byte) error {
	wrapped := append([]byte(`{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":`), body...)
	return teamsMessage(append(wrapped, "}]}"...))
}

// connectorCard: https://learn.microsoft.com/outlook/actionable-messages/message-card-reference.
func connectorCard(body []byte) error {
	var c map[string]any
	if err := json.Unmarshal(body, &c); err != nil {
		return err
	}
	if c["@type"] != "MessageCard" || c["@context"] == "" || c["summary"] == nil && c["text"] == nil && c["title"] == nil {
		return fmt.Errorf("no card: %v", c)
	}
	return nil
}
