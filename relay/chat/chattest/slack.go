package chattest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

// slackMessage: https://docs.slack.dev/reference/block-kit/blocks.
func slackMessage(body []byte) error {
	var m slack.WebhookMessage
	if err := strictly(body, &m); err != nil {
		return err
	}
	if m.Text == "" || utf8.RuneCount(body) > 13_200 {
		return fmt.Errorf("the text is %q, %d characters in all", m.Text, utf8.RuneCount(body))
	}
	if m.Blocks != nil {
		for _, b := range m.Blocks.BlockSet {
			if err := slackBlock(b); err != nil {
				return err
			}
		}
	}
	for _, a := range m.Attachments {
		if a.Fallback == "" || len(a.Blocks.BlockSet) == 0 || len(a.Blocks.BlockSet) > 50 {
			return fmt.Errorf("an attachment with %d blocks and the fallback %q", len(a.Blocks.BlockSet), a.Fallback)
		}
		for _, b := range a.Blocks.BlockSet {
			if err := slackBlock(b); err != nil {
				return err
			}
		}
	}
	return slackSame(body, m)
}

func slackBlock(b slack.Block) error {
	switch b := b.(type) {
	case *slack.DividerBlock, *slack.RichTextBlock:
		return nil
	case *slack.SectionBlock:
		if len(b.Fields) > 10 || b.Text == nil && len(b.Fields) == 0 {
			return fmt.Errorf("a section with %d fields", len(b.Fields))
		}
		for _, f := range b.Fields {
			if err := errors.Join(most("a field", f.Text, 2000), f.Validate()); err != nil {
				return err
			}
		}
		return nil
	case *slack.ImageBlock:
		return errors.Join(most("a picture's address", b.ImageURL, 3000), most("a picture's text", b.AltText, 2000))
	case *slack.ContextBlock:
		if n := len(b.ContextElements.Elements); n == 0 || n > 10 {
			return fmt.Errorf("a context with %d elements", n)
		}
		return nil
	}
	return fmt.Errorf("a block of type %s", b.BlockType())
}

// slackSame makes sure that the client has understood all of the blocks: what it
// writes of them is what it has read.
func slackSame(body []byte, m slack.WebhookMessage) error {
	var was struct {
		Attachments []struct {
			Blocks any `json:"blocks"`
		} `json:"attachments"`
	}
	if err := json.Unmarshal(body, &was); err != nil {
		return err
	}
	for i, a := range m.Attachments {
		written, err := json.Marshal(a.Blocks)
		if err != nil {
			return err
		}
		var is any
		if err := json.Unmarshal(written, &is); err != nil {
			return err
		}
		if !reflect.DeepEqual(withoutZeros(is), was.Attachments[i].Blocks) {
			return fmt.Errorf("slack-go reads the blocks differently:\n%s", cmp.Diff(was.Attachments[i].Blocks, withoutZeros(is)))
		}
	}
	return nil
}

// withoutZeros drops the zeros that the client writes where nothing was said.
func withoutZeros(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutZeros(v[i])
		}
	case map[string]any:
		for name, inner := range v {
			if inner == 0.0 {
				delete(v, name)
				continue
			}
			v[name] = withoutZeros(inner)
		}
	}
	return v
}
