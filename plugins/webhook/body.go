package webhook

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
)

// content is the content of a request's body.
type content struct {
	// kind is acceptJSON for JSON, else kindText, kindForm or kindXML.
	kind string
	// json is the content as a JSON object.
	json []byte
	// slack says that it was the field payload of a form, as Slack's senders write it.
	slack bool
	// mended names the faults mended in the JSON.
	mended []string
	// card shows what is no JSON.
	card card.Card
}

// open recognises a body's content, first by its looks: curl calls JSON a form, and
// many senders call it nothing.
func open(r *connector.Request) (content, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		media, params = strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Type"))), nil
	}
	if boundary := boundaryOf(r.Body, media, params); boundary != "" {
		return openMultipart(r.Body, boundary)
	}
	body := decode(r.Body, params["charset"])
	isForm, isJSON := media == "application/x-www-form-urlencoded", strings.HasSuffix(media, "json")
	switch {
	case len(body) == 0:
		return content{}, errNoBody
	case isPayload(body, isForm):
		return openPayload(body)
	case body[0] == '<' && !strings.HasSuffix(media, "html") || strings.HasSuffix(media, "xml"):
		c, err := openXML(body)
		if err != nil && !isJSON && !strings.HasSuffix(media, "xml") {
			return openText(body, media)
		}
		return c, err
	case isJSON || strings.IndexByte(`{["'/`, body[0]) >= 0:
		c, err := openJSON(body)
		if err != nil && !isJSON && (body[0] != '{' || strings.HasPrefix(media, "text/")) {
			return openText(body, media) // such as "[CRITICAL] /var is full"
		}
		return c, err
	case isForm && isEncoded(body):
		return openForm(fieldsOf(body)), nil
	}
	return openText(body, media)
}

// openJSON reads JSON, and JSON inside a JSON string, as PowerShell makes it if encoded
// twice.
func openJSON(body []byte) (content, error) {
	strict, mended, err := asJSON(body)
	c := content{kind: acceptJSON, json: strict, mended: mended}
	if err != nil || strict[0] != '"' {
		return c, err
	}
	inner := decode([]byte(parseTree(strict).text()), "")
	if len(inner) == 0 || inner[0] != '{' && inner[0] != '[' {
		return c, nil
	}
	strict, mended, err = asJSON(inner)
	c.json, c.mended = strict, append(append(c.mended, mended...), "JSON inside a string")
	return c, err
}

// openText takes a text as it is, or as the declared Markdown or HTML.
func openText(body []byte, media string) (content, error) {
	if bytes.ContainsFunc(body, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f\v", r) }) {
		return content{}, refusal("The body is neither JSON nor a form, XML or text.")
	}
	text := string(body)
	c := content{kind: kindText, json: encode(map[string]any{"body": text})}
	if media != "text/markdown" && media != "text/html" {
		text = card.Escape(unixLines(text))
	}
	c.card.Text = text
	return c, nil
}

// unixLines makes all line breaks "\n".
func unixLines(s string) string { return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s) }

// decode returns the body in UTF-8, without a byte order mark and surrounding blanks.
// JSON should be UTF-8, but Windows PowerShell sends other encodings.
func decode(body []byte, label string) []byte {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		body, label = body[3:], ""
	case bytes.HasPrefix(body, []byte("\xff\xfe")), len(body) > 1 && body[0] != 0 && body[1] == 0:
		label = "utf-16le"
	case bytes.HasPrefix(body, []byte("\xfe\xff")), len(body) > 1 && body[0] == 0 && body[1] != 0:
		label = "utf-16be"
	case utf8.Valid(body):
		label = "" // valid UTF-8, whatever its label
	case label == "":
		label = "windows-1252"
	}
	if !utf8.Valid(body) || strings.HasPrefix(label, "utf-16") {
		if encoding, name := charset.Lookup(label); encoding != nil && name != "utf-8" {
			if text, err := encoding.NewDecoder().Bytes(body); err == nil {
				body = bytes.TrimPrefix(text, []byte("\ufeff"))
			}
		}
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	return bytes.Trim(bytes.TrimSpace(body), "\x00 \t\r\n")
}
