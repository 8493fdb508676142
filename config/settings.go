package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/route/language"
)

// channelSettings reads the settings of a channel's chat system. The payload comes first,
// because others depend on it.
func (f *File) channelSettings(c *Channel, body *hclsyntax.Body) {
	for _, known := range f.systems.Settings() {
		attr := body.Attributes[known.Name]
		setting, has := c.System.Setting(known.Name, c.Settings.Payload())
		switch {
		case attr != nil && !has:
			f.unusedSetting(*c, known, attr)
		case attr != nil:
			f.setting(c, setting, body)
		case has && setting.Required:
			f.error("Missing attribute", fmt.Sprintf("A channel of %s needs the attribute %s, %s.", described(*c), setting.Name, setting.Doc), c.Range)
		}
	}
}

// looseSettings reads those of a channel whose chat system is unknown, as far as that
// keeps secrets out of sight.
func (f *File) looseSettings(body *hclsyntax.Body) {
	for _, known := range f.systems.Settings() {
		switch {
		case known.Secret:
			f.readSecret(body, known.Name, "a text")
		case known.Kind == chat.Choice:
			f.readText(body, known.Name, "a text")
		}
	}
}

// unusedSetting refuses what the channel's system, or its payload, does not have.
func (f *File) unusedSetting(c Channel, known chat.Setting, attr *hclsyntax.Attribute) {
	if known.Kind == chat.Text || known.Kind == chat.Web { // which may hold a secret
		f.redact(attr.Expr)
	}
	why := fmt.Sprintf("A channel of %s has no use for the attribute %s. Remove it.", described(c), known.Name)
	if known.Elsewhere != "" {
		why = fmt.Sprintf(known.Elsewhere, c.System.Name)
	}
	f.error("Attribute without effect", why, attr.NameRange)
}

// described is what a channel is in a sentence.
func described(c Channel) string {
	if payload := c.Settings.Payload(); payload != "" {
		return "type " + c.System.Name + " with payload " + payload
	}
	return "type " + c.System.Name
}

func (f *File) setting(c *Channel, s chat.Setting, body *hclsyntax.Body) {
	switch {
	case s.Kind == chat.Flag:
		if v, ok := f.read(body, s.Name, cty.Bool, "true or false"); ok && v.value.True() {
			c.Settings.Set(s.Name, "true")
		}
	case s.Kind == chat.Web:
		f.channelURL(c, s, body)
	case s.Secret:
		f.channelSecret(c, s, body)
	default:
		f.channelText(c, s, body)
	}
}

func (f *File) channelURL(c *Channel, s chat.Setting, body *hclsyntax.Body) {
	v, ok := f.readSecret(body, s.Name, "a URL")
	if !ok {
		if expr := body.Attributes[s.Name].Expr; isNull(expr) {
			f.error("Missing attribute", "The attribute url is null; it is the address that the channel's cards are posted to.", expr.Range())
		}
		return
	}
	c.Settings[s.Name] = v.value
	f.checkURL(v)
	if s.Secret {
		f.warnLiteral(s.Name, v)
	}
}

func (f *File) channelSecret(c *Channel, s chat.Setting, body *hclsyntax.Body) {
	v, ok := f.readSecret(body, s.Name, "a text, "+s.Doc)
	if !ok {
		return
	}
	if v.value.IsZero() && s.NotEmpty != "" {
		f.error("Empty secret", fmt.Sprintf("The %s is empty, %s. Give it a text, or remove the attribute.", s.Name, s.NotEmpty), v.place)
		return
	}
	c.Settings[s.Name] = v.value
	f.warnLiteral(s.Name, v)
}

func (f *File) channelText(c *Channel, s chat.Setting, body *hclsyntax.Body) {
	words := "a text, " + s.Doc
	if len(s.Allowed) > 0 {
		words = language.List(language.Quoted(s.Allowed), "or")
	}
	v, ok := f.readText(body, s.Name, words)
	switch {
	case !ok:
	case len(s.Allowed) > 0 && !f.oneOf(v, s.Allowed):
	case strings.TrimSpace(v.text()) == "":
		f.error("Empty text", fmt.Sprintf("The attribute %s is empty; it is %s.", s.Name, s.Doc), v.place)
	default:
		c.Settings.Set(s.Name, v.text())
	}
}
