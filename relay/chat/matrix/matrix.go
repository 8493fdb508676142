// Package matrix is Matrix, by a webhook of matrix-hookshot or by a homeserver itself.
package matrix

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// mostBytes is what an event may have, with room for what servers and bridges
// add: https://spec.matrix.org/latest/client-server-api/#size-limits.
const mostBytes = 61_440

// System returns Matrix.
func System() chat.System {
	return chat.System{
		Name: "matrix", Summary: "A room in Matrix, by a webhook of matrix-hookshot or by a homeserver itself.",
		Settings: []chat.Setting{
			chat.URL().In("hookshot"), chat.ServerURL().In("event"), chat.Token().In("event"), chat.To().In("event"),
		},
		Forms:  []chat.Form{hookshot(), event()},
		Rate:   chat.Rate{PerSecond: 1, Burst: 10, Source: "none documented: the server sets the rate"},
		Person: &chat.Identity{Pattern: regexp.MustCompile(`^@[^:\s]+:\S+$`), Doc: "it is the user id, such as @ada:example.com"},
	}
}

// event writes a message event, as the client-server API takes it.
func event() chat.Form {
	type mentions struct {
		UserIDs []string `json:"user_ids,omitempty"`
	}
	type content struct {
		Type          string   `json:"msgtype"`
		Body          string   `json:"body"`
		Format        string   `json:"format"`
		FormattedBody string   `json:"formatted_body"`
		Mentions      mentions `json:"m.mentions"`
	}
	return chat.Form{
		Name: "event", ContentType: "application/json", Read: readEvent, Address: room, Header: chat.Bearer, Named: true,
		Limits: size.Limits{
			size.Bytes.AtMost(mostBytes, "an event has 65,536 bytes (Matrix specification, size limits); matrix-hookshot keeps 4 KB of it free"),
			size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			formatted, plain := texts(d, w)
			c := content{Type: "m.notice", Body: plain, Format: "org.matrix.custom.html", FormattedBody: formatted}
			if len(w.Mentioned) > 0 {
				c.Type = "m.text" // a notice calls nobody
			}
			for _, p := range w.Mentioned {
				c.Mentions.UserIDs = append(c.Mentions.UserIDs, p.ID)
			}
			body, err := card.JSON(c)
			return draft.Written{Body: body}, err
		},
	}
}

// hookshot writes for a generic webhook of matrix-hookshot.
func hookshot() chat.Form {
	return chat.Form{
		Name: "hookshot", ContentType: "application/json", Read: readHookshot,
		Limits: size.Limits{
			size.Bytes.AtMost(mostBytes/2, "an event has 65,536 bytes, and hookshot puts the request into it a second time"),
			size.AddressLength.AtMost(8_000, "none documented; a longer one would crowd out the card"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			formatted, plain := texts(d, w)
			body, err := card.JSON(struct {
				Text string `json:"text"`
				HTML string `json:"html"`
			}{plain, formatted})
			return draft.Written{Body: body}, err
		},
	}
}

// room is where a server takes a room's messages; the name of the message follows:
// https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid.
func room(server string, s chat.Settings) (string, error) {
	return chat.Server(server) + "/_matrix/client/v3/rooms/" + url.PathEscape(s.Text("to")) + "/send/m.room.message/", nil
}

// quiet keeps a dialect's texts from calling the room, and its links from being
// people: https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions.
func quiet(d markup.Dialect) markup.Dialect {
	calm := markup.Defuse("@room")
	text, code, fence, link := d.Text, d.Code, d.Fence, d.Link
	d.Text = func(s string, start bool) string { return text(calm(s), start) }
	d.Code = func(s string) string { return code(calm(s)) }
	d.Fence = func(language, s string) string { return fence(language, calm(s)) }
	d.Link = func(label, address string) string {
		if u, err := url.Parse(address); err == nil && strings.EqualFold(u.Hostname(), "matrix.to") {
			return label
		}
		return link(label, address)
	}
	d.Picture = d.Link
	return d
}

func texts(d draft.Draft, w *chat.Writing) (formatted, plain string) {
	dialect, simple := quiet(markup.QuietAddresses(markup.HTML())), quiet(markup.QuietAddresses(markup.PlainText()))
	dialect.Mention = w.Mention(func(p chat.Person) string {
		return markup.HTML().Link(dialect.Text(p.Name, false), "https://matrix.to/#/"+url.PathEscape(p.ID))
	})
	document := d.Document()
	if c := d.Colour(); c.Valid && len(document) > 0 {
		formatted = `<font data-mx-color="` + c.Web() + `" color="` + c.Web() + `">▌</font> `
	}
	text := dialect.Write(document)
	// The first paragraph's mark comes after the bar, so that both share a line.
	if rest, is := strings.CutPrefix(text, "<p>"); is && formatted != "" {
		return "<p>" + formatted + rest, simple.Write(document)
	}
	return text, simple.Write(document)
}

// readHookshot reads the answer of a generic webhook of matrix-hookshot: 202 before
// the card is in the room, or 200 after it, if the bridge is told to wait; old
// versions answer 200 "OK" at once
// (matrix-org/matrix-hookshot, src/generic/Router.ts and src/Bridge.ts).
func readHookshot(a answer.Answer) answer.Reading {
	if !a.OK() {
		return a.ByStatus()
	}
	var e struct {
		OK *bool `json:"ok"`
	}
	a.Decode(&e)
	switch {
	case e.OK != nil && !*e.OK:
		return a.Is(delivery.VerdictFailed)
	case e.OK != nil && a.Status == 200:
		return a.Is(delivery.VerdictDelivered)
	}
	if e.OK == nil && !strings.EqualFold(strings.TrimSpace(string(a.Body)), "ok") {
		return a.WrongType("with JSON as matrix-hookshot does")
	}
	return a.Is(delivery.VerdictAccepted)
}

// readEvent reads the answer of a homeserver
// (https://spec.matrix.org/latest/client-server-api/#standard-error-response).
func readEvent(a answer.Answer) answer.Reading {
	var e struct {
		EventID    string  `json:"event_id"`
		Code       string  `json:"errcode"`
		RetryAfter float64 `json:"retry_after_ms"`
	}
	a.Decode(&e)
	switch {
	case a.OK() && e.EventID != "":
		return a.Is(delivery.VerdictDelivered)
	case a.OK():
		return a.WrongType("with an event_id as a Matrix server does")
	}
	switch e.Code {
	case "M_LIMIT_EXCEEDED":
		return a.Is(delivery.VerdictThrottled).After(e.RetryAfter / 1000)
	case "M_TOO_LARGE":
		return a.TooLarge()
	case "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM", "M_DUPLICATE_ANNOTATION":
		return a.Is(delivery.VerdictRejected)
	case "M_FORBIDDEN", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED", "M_NOT_FOUND", "M_UNRECOGNIZED":
		return a.Is(delivery.VerdictRefused)
	}
	return a.ByStatus()
}
