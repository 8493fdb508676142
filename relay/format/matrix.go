package format

import (
	"net/url"
	"strings"

	"github.com/connector-relay/relay/relay/format/markup"
)

// matrixBytes is what an event may have, with room for what servers and bridges
// add: https://spec.matrix.org/latest/client-server-api/#size-limits.
const matrixBytes = 61_440

// Matrix writes a message event, as the client-server API takes it.
func Matrix() Format {
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
	return Format{
		Name: "matrix event", ContentType: "application/json", parser: markup.NewParser(),
		Limits: Limits{
			{Bytes, matrixBytes, "an event has 65,536 bytes (Matrix specification, size limits); matrix-hookshot keeps 4 KB of it free"},
			{AddressLength, 8_000, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			formatted, plain := matrixTexts(d, w)
			c := content{Type: "m.notice", Body: plain, Format: "org.matrix.custom.html", FormattedBody: formatted}
			if len(w.mentioned) > 0 {
				c.Type = "m.text" // a notice calls nobody
			}
			for _, p := range w.mentioned {
				c.Mentions.UserIDs = append(c.Mentions.UserIDs, p.ID)
			}
			body, err := encode(c)
			return encoded{body: body}, err
		},
	}
}

// Hookshot writes for a generic webhook of matrix-hookshot.
func Hookshot() Format {
	return Format{
		Name: "matrix hookshot", ContentType: "application/json", parser: markup.NewParser(),
		Limits: Limits{
			{Bytes, matrixBytes / 2, "an event has 65,536 bytes, and hookshot puts the request into it a second time"},
			{AddressLength, 8_000, "none documented; a longer one would crowd out the card"},
		},
		encode: func(d draft, w *writing) (encoded, error) {
			formatted, plain := matrixTexts(d, w)
			body, err := encode(struct {
				Text string `json:"text"`
				HTML string `json:"html"`
			}{plain, formatted})
			return encoded{body: body}, err
		},
	}
}

// matrixDialect keeps a dialect's texts from calling the room, and its links from being
// people: https://spec.matrix.org/latest/client-server-api/#user-and-room-mentions.
func matrixDialect(d markup.Dialect) markup.Dialect {
	quiet := defuse("@room")
	text, code, fence, link := d.Text, d.Code, d.Fence, d.Link
	d.Text = func(s string, start bool) string { return text(quiet(s), start) }
	d.Code = func(s string) string { return code(quiet(s)) }
	d.Fence = func(language, s string) string { return fence(language, quiet(s)) }
	d.Link = func(label, address string) string {
		if u, err := url.Parse(address); err == nil && strings.EqualFold(u.Hostname(), "matrix.to") {
			return label
		}
		return link(label, address)
	}
	d.Picture = d.Link
	return d
}

func matrixTexts(d draft, w *writing) (formatted, plain string) {
	dialect, simple := matrixDialect(quietAddresses(markup.HTML())), matrixDialect(quietAddresses(markup.PlainText()))
	dialect.Mention = w.mention(func(p Person) string {
		return markup.HTML().Link(dialect.Text(p.Name, false), "https://matrix.to/#/"+url.PathEscape(p.ID))
	})
	document := d.document()
	if c := parseColour(d.card.ThemeColor); c.valid && len(document) > 0 {
		formatted = `<font data-mx-color="` + c.web() + `" color="` + c.web() + `">▌</font> `
	}
	text := dialect.Write(document)
	// The first paragraph's mark comes after the bar, so that both share a line.
	if rest, is := strings.CutPrefix(text, "<p>"); is && formatted != "" {
		return "<p>" + formatted + rest, simple.Write(document)
	}
	return text, simple.Write(document)
}
