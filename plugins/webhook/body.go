package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/connector-relay/relay/relay/connector"
)

// payload is the JSON in a request: the body, or, as Slack's senders may do, the
// form field "payload". The content type hardly matters: curl calls JSON a form.
func payload(r *connector.Request) ([]byte, error) {
	body := decode(r.Body, r.Header.Get("Content-Type"))
	if len(body) == 0 {
		return nil, errNoBody
	}
	if body[0] == '{' || body[0] == '[' {
		return body, nil
	}
	if bytes.HasPrefix(body, []byte("payload=")) || isForm(r.Header.Get("Content-Type")) && bytes.IndexByte(body, '=') > 0 {
		form, err := url.ParseQuery(string(body))
		if err != nil || form.Get("payload") == "" {
			return nil, errNoForm
		}
		return decode([]byte(form.Get("payload")), ""), nil
	}
	return body, nil
}

func isForm(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "application/x-www-form-urlencoded")
}

// decode returns the body in UTF-8, without a byte order mark and blanks around
// it. JSON is UTF-8 by its standard; Windows PowerShell sends what it likes.
func decode(body []byte, contentType string) []byte {
	label := ""
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		body = body[3:]
	case bytes.HasPrefix(body, []byte("\xff\xfe")), len(body) > 1 && body[0] != 0 && body[1] == 0:
		label = "utf-16le"
	case bytes.HasPrefix(body, []byte("\xfe\xff")), len(body) > 1 && body[0] == 0 && body[1] != 0:
		label = "utf-16be"
	}
	if label == "" && !utf8.Valid(body) {
		// What is valid UTF-8 is hardly anything else, whatever it is called.
		label = "windows-1252"
		if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
			label = params["charset"]
		}
	}
	if label != "" {
		if encoding, name := charset.Lookup(label); encoding != nil && name != "utf-8" {
			if text, err := encoding.NewDecoder().Bytes(body); err == nil {
				body = bytes.TrimPrefix(text, []byte("\ufeff"))
			}
		}
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	return bytes.TrimSpace(body)
}

// checkJSON says where JSON is broken, for whoever wrote it.
func checkJSON(b []byte) error {
	if json.Valid(b) {
		return nil
	}
	var v json.RawMessage
	err := json.Unmarshal(b, &v)
	e, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return refuse("The body is not JSON: %s.", err)
	}
	line, column := position(b, e.Offset)
	return refuse("The body is not JSON: line %d, column %d: %s.", line, column, err)
}

// position converts the offset after a character to its line and column, both
// from 1.
func position(b []byte, offset int64) (line, column int) {
	before := b[:max(0, min(int(offset)-1, len(b)))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}
