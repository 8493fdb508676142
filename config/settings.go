package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// channelSettings reads what only some types have.
func (f *File) channelSettings(c *Channel, t channelType, body *hclsyntax.Body) {
	for _, name := range []string{"user", "token", "to", "topic", "card_version", "answer"} {
		s, has := t.setting(name, c.Payload)
		attr := body.Attributes[name]
		switch {
		case attr != nil && !has:
			f.redact(attr.Expr)
			f.error("Attribute without effect", fmt.Sprintf("A channel of type %s%s has no use for the attribute %s. Remove it.", t.name, withPayload(c.Payload), name), attr.NameRange)
		case attr == nil && has && s.required:
			f.error("Missing attribute", fmt.Sprintf("A channel of type %s%s needs the attribute %s, %s.", t.name, withPayload(c.Payload), name, settingDoc(name)), c.Range)
		case attr == nil:
		case name == "token":
			if token, ok := f.readSecret(body, name, settingDoc(name)); ok {
				c.Token = token.value
				f.warnLiteral(name, token)
			}
		default:
			f.channelText(c, name, body)
		}
	}
	f.channelThread(c, t, body)
}

func withPayload(payload string) string {
	if payload == "" {
		return ""
	}
	return " with payload " + payload
}

// settingDoc says what an attribute of some types is.
func settingDoc(name string) string {
	switch name {
	case "user":
		return "the mail address of the bot"
	case "token":
		return "the key with which requests sign in"
	case "to":
		return "the channel or room of the chat system that cards go to"
	case "topic":
		return "the topic of cards that have no thread"
	case "answer":
		return "a part of what the endpoint answers when it has taken a card"
	}
	return "the newest version of Adaptive Cards to use"
}

func (f *File) channelText(c *Channel, name string, body *hclsyntax.Body) {
	s, ok := f.readText(body, name, "a text, "+settingDoc(name))
	if !ok {
		return
	}
	if strings.TrimSpace(s.text()) == "" {
		f.error("Empty text", fmt.Sprintf("The attribute %s is empty; it is %s.", name, settingDoc(name)), s.place)
		return
	}
	switch name {
	case "user":
		c.User = s.text()
	case "to":
		c.To = s.text()
	case "topic":
		c.Topic = s.text()
	case "answer":
		c.Answer = s.text()
	default:
		if f.oneOf(s, []string{"1.2", "1.3", "1.4", "1.5"}) {
			c.CardVersion = s.text()
		}
	}
}

func (f *File) channelThread(c *Channel, t channelType, body *hclsyntax.Body) {
	attr := body.Attributes["thread"]
	if attr == nil {
		return
	}
	if !t.threads {
		f.error("Attribute without effect", fmt.Sprintf("A channel of type %s cannot keep cards in threads: its webhooks do not let a sender choose one. Remove the attribute thread.", t.name), attr.NameRange)
		return
	}
	if s, ok := f.read(body, "thread", cty.Bool, "true or false"); ok {
		c.Thread = s.value.True()
	}
}
