package card

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Validate reports everything that is wrong with a card, each with its path in the
// JSON, such as "sections[2].facts[0].name". What a chat system merely does not show is
// not wrong.
func (c Card) Validate() error {
	var v validation
	if c.Title == "" && c.Text == "" && c.Summary == "" && len(c.Sections) == 0 {
		v.add("", "the card is empty: it needs a title, a text, a summary or a section")
	}
	if c.ThemeColor != "" && !isColor(c.ThemeColor) {
		v.add("themeColor", `want six hexadecimal digits such as "0078D7"`)
	}
	if c.Sender != nil {
		v.address("sender.image", c.Sender.Image)
	}
	for i, s := range c.Sections {
		v.section(fmt.Sprintf("sections[%d]", i), s)
	}
	v.actions("potentialAction", c.Actions, true)
	if len(c.Adaptive) > 0 && c.Adaptive[0] != '{' {
		v.add("adaptiveCard", "want an object")
	}
	return errors.Join(v.errs...)
}

type validation struct{ errs []error }

func (v *validation) add(path, text string) {
	if path != "" {
		text = path + ": " + text
	}
	v.errs = append(v.errs, errors.New(text))
}

func (v *validation) section(path string, s Section) {
	v.address(path+".activityImage", s.ActivityImage)
	switch s.ActivityImageType {
	case "", "avatar", "article":
	default:
		v.add(path+".activityImageType", `want "avatar" or "article"`)
	}
	if s.HeroImage != nil {
		v.required(path+".heroImage.image", s.HeroImage.URL)
		v.address(path+".heroImage.image", s.HeroImage.URL)
	}
	for i, img := range s.Images {
		v.required(fmt.Sprintf("%s.images[%d].image", path, i), img.URL)
		v.address(fmt.Sprintf("%s.images[%d].image", path, i), img.URL)
	}
	v.actions(path+".potentialAction", s.Actions, true)
}

func (v *validation) actions(path string, list []Action, mayNest bool) {
	for i, a := range list {
		v.action(fmt.Sprintf("%s[%d]", path, i), a, mayNest)
	}
}

func (v *validation) action(path string, a Action, mayNest bool) {
	v.required(path+".name", a.Name)
	switch a.Type {
	case OpenURI:
		v.required(path+".targets", a.URL())
		for i, t := range a.Targets {
			v.link(fmt.Sprintf("%s.targets[%d].uri", path, i), t.URI)
		}
	case ViewAction:
		v.required(path+".target", a.URL())
		v.link(path+".target", a.URL())
	case HTTPPost:
		v.required(path+".target", a.Target.URL)
	case ActionCard:
		if !mayNest {
			v.add(path, "an ActionCard cannot contain an ActionCard")
			return
		}
		for i, in := range a.Inputs {
			v.input(fmt.Sprintf("%s.inputs[%d]", path, i), in)
		}
		v.actions(path+".actions", a.Actions, false)
	case InvokeAddInCommand:
		v.required(path+".addInId", a.AddInID)
		v.required(path+".desktopCommandId", a.DesktopCommandID)
	default:
		v.add(path+".@type", fmt.Sprintf("there is no action type %q", a.Type))
	}
}

func (v *validation) input(path string, in Input) {
	switch in.Type {
	case TextInput, DateInput, MultichoiceInput:
		v.required(path+".id", in.ID)
	default:
		v.add(path+".@type", fmt.Sprintf("there is no input type %q", in.Type))
	}
}

func (v *validation) required(path, value string) {
	if value == "" {
		v.add(path, "is missing")
	}
}

// address checks a picture's address; data: URLs are pictures too.
func (v *validation) address(path, value string) {
	if value != "" && !hasScheme(value, "https", "http", "data") {
		v.add(path, "want an http or https address")
	}
}

// link checks an address that a person opens. Teams and Outlook take no others.
func (v *validation) link(path, value string) {
	if value != "" && !hasScheme(value, "https", "http") {
		v.add(path, "want an http or https address")
	}
}

func hasScheme(value string, schemes ...string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return false
	}
	for _, s := range schemes {
		if strings.EqualFold(u.Scheme, s) {
			return true
		}
	}
	return false
}

func isColor(s string) bool {
	return len(s) == 6 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
