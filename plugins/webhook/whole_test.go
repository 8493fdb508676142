package webhook

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// bodies draws payloads of which every part can be told from every other.
type bodies struct {
	t *rapid.T
	// parts are what has to come out.
	parts []string
}

func (b *bodies) word() string {
	b.parts = append(b.parts, fmt.Sprintf("w%03dx", len(b.parts)))
	return b.parts[len(b.parts)-1]
}

func (b *bodies) address() string { return "https://e.example/" + b.word() }

func (b *bodies) choose(list ...string) string { return rapid.SampledFrom(list).Draw(b.t, "form") }

// list draws up to so many elements.
func (b *bodies) list(most int, draw func() any) []any {
	list := make([]any, rapid.IntRange(1, most).Draw(b.t, "n"))
	for i := range list {
		list[i] = draw()
	}
	return list
}

type object = map[string]any

// action is a button of an Adaptive Card.
func (b *bodies) action() any {
	switch b.choose("url", "mail", "ring", "run", "submit", "card", "nothing") {
	case "url":
		return object{"type": "Action.OpenUrl", "title": b.word(), "url": b.address()}
	case "mail":
		return object{"type": "Action.OpenUrl", "title": b.word(), "url": "mailto:" + b.word() + "@e.example"}
	case "ring":
		return object{"type": "Action.OpenUrl", "title": b.word(), "url": "tel:" + b.word()}
	case "run":
		return object{"type": "Action.OpenUrl", "title": b.word(), "url": "javascript:x()"}
	case "card":
		return object{"type": "Action.ShowCard", "title": "More", "card": object{"body": []any{b.block()}}}
	case "nothing":
		return object{"type": "Action.OpenUrl", "title": b.word()}
	}
	return object{"type": "Action.Submit", "title": b.word()}
}

// block is a text of an Adaptive Card.
func (b *bodies) block() any {
	e := object{"type": "TextBlock", "text": b.word()}
	if rapid.Bool().Draw(b.t, "bold") {
		e["weight"] = "bolder"
	}
	if rapid.Bool().Draw(b.t, "hidden") {
		e["isVisible"], e["id"] = false, "some"
	}
	return e
}

func (b *bodies) column() any {
	return object{"type": "Column", "items": b.list(2, b.block)}
}

// element is any element of an Adaptive Card.
func (b *bodies) element() any {
	switch b.choose("block", "facts", "image", "columns", "container", "actions", "table", "rich", "unknown", "media", "carousel", "input", "picture") {
	case "facts":
		return object{"type": "FactSet", "facts": b.list(3, func() any { return object{"title": b.word(), "value": b.word()} })}
	case "image":
		return object{"type": "Image", "url": b.address(), "selectAction": object{"type": "Action.OpenUrl", "title": b.word(), "url": b.address()}}
	case "picture":
		return object{"type": "ColumnSet", "columns": []any{object{"items": []any{object{"type": "Image", "url": b.address()}}}, b.column()}}
	case "columns":
		return object{"type": "ColumnSet", "columns": b.list(4, b.column)}
	case "container":
		return object{"type": "Container", "items": b.list(2, b.element)}
	case "actions":
		return object{"type": "ActionSet", "actions": b.list(3, b.action)}
	case "table":
		return object{"type": "Table", "rows": b.list(3, func() any { return object{"cells": b.list(3, b.column)} })}
	case "rich":
		return object{"type": "RichTextBlock", "inlines": []any{b.word(), object{"type": "TextRun", "text": b.word(), "italic": true}}}
	case "unknown":
		return object{"type": "Badge", "text": b.word()}
	case "media":
		return object{"type": "Media", "poster": b.address(), "sources": []any{object{"url": b.address()}}}
	case "carousel":
		return object{"type": "Carousel", "pages": b.list(2, func() any { return object{"items": b.list(2, b.element)} })}
	case "input":
		return object{"type": "Input.Text", "id": "i", "label": b.word()}
	}
	return b.block()
}

func (b *bodies) adaptive() any {
	return object{"type": "message", "text": b.word(), "attachments": []any{object{
		"contentType": adaptiveCard,
		"content":     object{"type": "AdaptiveCard", "body": b.list(4, b.element), "actions": b.list(2, b.action)},
	}, object{"contentType": "image/png", "contentUrl": b.address()}}}
}

// slackBlock is any block of Slack's.
func (b *bodies) slackBlock() any {
	say := func() any {
		return object{"type": "mrkdwn", "text": "*" + b.word() + "* <" + b.address() + "|" + b.word() + ">"}
	}
	switch b.choose("section", "header", "context", "image", "actions", "rich", "table", "video") {
	case "header":
		return object{"type": "header", "text": object{"type": "plain_text", "text": b.word()}}
	case "context":
		return object{"type": "context", "elements": b.list(2, say)}
	case "image":
		return object{"type": "image", "image_url": b.address()}
	case "actions":
		return object{"type": "actions", "elements": b.list(3, func() any {
			button := object{"type": "button", "text": object{"type": "plain_text", "text": b.word()}}
			if rapid.Bool().Draw(b.t, "link") {
				button["url"] = b.address()
			}
			return button
		})}
	case "rich":
		return object{"type": "rich_text", "elements": []any{object{"type": "rich_text_section", "elements": []any{
			object{"type": "text", "text": b.word()}, object{"type": "link", "url": b.address(), "text": b.word()}, object{"type": "date", "timestamp": 1, "fallback": b.word()},
		}}}}
	case "table":
		return object{"type": "table", "rows": b.list(3, func() any { return b.list(3, func() any { return object{"type": "raw_text", "text": b.word()} }) })}
	case "video":
		return object{"type": "video", "title": object{"type": "plain_text", "text": b.word()}, "video_url": b.address(), "thumbnail_url": b.address()}
	}
	return object{"type": "section", "text": say(), "fields": b.list(2, say)}
}

func (b *bodies) slack() any {
	return object{"username": b.word(), "blocks": b.list(4, b.slackBlock), "attachments": b.list(2, func() any {
		return object{
			"pretext": b.word(), "title": b.word(), "title_link": b.address(), "author_name": b.word(), "text": b.word(), "image_url": b.address(), "footer": b.word(),
			"fields":  b.list(2, func() any { return object{"title": b.word(), "value": b.word()} }),
			"actions": []any{object{"type": "button", "text": b.word(), "url": b.address()}},
		}
	})}
}

func (b *bodies) connectorCard() any {
	return object{"@type": "MessageCard", "title": b.word(), "text": b.word(), "potentialAction": b.list(3, func() any {
		switch b.choose("link", "beside", "mail", "nowhere", "unknown", "form") {
		case "link":
			return object{"@type": "OpenUri", "name": b.word(), "targets": []any{object{"os": "default", "uri": b.address()}}}
		case "beside":
			return object{"@type": "OpenUri", "name": b.word(), "uri": b.address()}
		case "mail":
			return object{"@type": "OpenUri", "name": b.word(), "targets": []any{object{"os": "default", "uri": "mailto:" + b.word() + "@e.example"}}}
		case "nowhere":
			return object{"@type": "OpenUri", "name": b.word(), "targets": []any{}}
		case "form":
			return object{
				"@type": "ActionCard", "name": b.word(), "inputs": []any{object{"@type": "Slider", "id": "a"}},
				"actions": []any{object{"@type": "OpenUri", "name": b.word(), "targets": []any{object{"os": "default", "uri": b.address()}}}, object{"@type": "Odd", "name": b.word()}},
			}
		}
		return object{"@type": "Odd", "name": b.word()}
	}), "sections": b.list(2, func() any {
		return object{"text": b.word(), "images": []any{object{"image": b.choose("ftp", "https") + "://e.example/" + b.word()}}}
	})}
}

// TestNothingOfABodyGoesWithoutBeingNamed: each text, fact, link, button and picture that
// was posted is in the card, or its name is.
func TestNothingOfABodyGoesWithoutBeingNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &bodies{t: t}
		body := map[string]func() any{"adaptive": b.adaptive, "slack": b.slack, "card": b.connectorCard}[b.choose("adaptive", "slack", "card")]()
		h := &Webhook{Accept: acceptAny}
		reply, err := h.Receive(t.Context(), post(string(encode(body))))
		if err != nil || reply.Status >= http.StatusBadRequest {
			t.Fatalf("answered %d %s, %v", reply.Status, reply.Body, err)
		}
		var all strings.Builder
		for _, e := range reply.Events {
			e.Card.Adaptive = nil
			c, err := e.Card.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			all.Write(c)
		}
		for _, part := range b.parts {
			if !strings.Contains(all.String(), part) {
				t.Fatalf("%s is gone\n%s\n%s", part, encode(body), all.String())
			}
		}
	})
}
