package webhook

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// field is one field of a form, or one value in XML.
type field struct{ name, value string }

const payloadField = "payload"

// isPayload reports whether a body is a form with the field payload.
func isPayload(body []byte, labelled bool) bool {
	return bytes.HasPrefix(body, []byte("payload=")) || labelled && bytes.Contains(body, []byte("&payload="))
}

// openPayload reads the JSON in the field payload. If it starts with a bracket, its
// sender did not encode it, and it extends to the end, whatever it contains.
func openPayload(body []byte) (content, error) {
	_, value, _ := bytes.Cut(append([]byte{'&'}, body...), []byte("&payload="))
	raw := bytes.TrimSpace(value)
	var c content
	err := error(errNoForm)
	if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		if c, err = openJSON(raw); err != nil {
			if end := bytes.LastIndex(raw, []byte("}&")); end > 0 { // other fields follow
				c, err = openJSON(raw[:end+1])
			}
		}
	}
	if err != nil {
		value, _, _ = bytes.Cut(value, []byte("&"))
		if inner := decode([]byte(percentDecoded(string(value))), ""); len(inner) > 0 {
			c, err = openJSON(inner)
		}
	}
	c.slack = true
	return c, err
}

// isEncoded reports whether a body looks like a form: the names of its fields have no
// blanks. `curl -d` labels everything as a form.
func isEncoded(body []byte) bool {
	name, _, found := bytes.Cut(body, []byte("="))
	return found && !bytes.ContainsAny(name, " \t\r\n")
}

func fieldsOf(body []byte) []field {
	var fields []field
	for pair := range strings.SplitSeq(string(body), "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != "" {
			fields = append(fields, field{percentDecoded(name), percentDecoded(value)})
		}
	}
	return fields
}

// percent is a percent sign, with its code if it has one.
var percent = regexp.MustCompile(`%([0-9a-fA-F]{2})?`)

// percentDecoded decodes a form's field. A percent sign without a code stays one.
func percentDecoded(s string) string {
	s = percent.ReplaceAllStringFunc(s, func(code string) string {
		if code == "%" {
			return "%25"
		}
		return code
	})
	text, _ := url.QueryUnescape(s) // all of whose codes are complete
	return string(decode([]byte(text), ""))
}

// openForm takes a form's fields as data and makes a card of them.
func openForm(fields []field) content {
	data := make(map[string]any)
	for _, f := range fields {
		collect(data, f.name, f.value)
	}
	return content{kind: kindForm, json: encode(data), card: fieldCard(fields)}
}

// collect adds a member; several of the same name become a list.
func collect(data map[string]any, name string, value any) {
	switch had := data[name].(type) {
	case nil:
		data[name] = value
	case []any:
		data[name] = append(had, value)
	default:
		data[name] = []any{had, value}
	}
}

// mostFacts bounds the fields that a card shows.
const mostFacts = 50

// fieldCard makes a card of fields: those with usual names become title and text, all
// others facts.
func fieldCard(fields []field) card.Card {
	var c card.Card
	var facts []card.Fact
	more := 0
	for _, f := range fields {
		name := strings.ToLower(f.name[strings.LastIndexByte(f.name, '/')+1:])
		switch {
		case c.Title == "" && (name == "title" || name == "subject"):
			c.Title = card.Line(f.value, longestTitle)
		case c.Text == "" && (name == "text" || name == "message"):
			c.Text = card.Escape(unixLines(f.value))
		case len(facts) == mostFacts:
			more++
		default:
			facts = append(facts, card.Fact{Name: cmp.Or(card.Line(f.name, longName), "–"), Value: cmp.Or(card.Escape(unixLines(f.value)), "–")})
		}
	}
	if facts != nil {
		c.Sections = append(c.Sections, card.Section{Facts: facts})
	}
	if more > 0 {
		c.Sections = append(c.Sections, card.Section{Text: fmt.Sprintf("… and %d more.", more)})
	}
	return c
}

// boundaryOf is a multipart body's boundary, or empty.
func boundaryOf(body []byte, media string, params map[string]string) string {
	if strings.HasPrefix(media, "multipart/") && params["boundary"] != "" {
		return params["boundary"]
	}
	line, _, _ := bytes.Cut(body[:min(len(body), 200)], []byte("\n"))
	boundary, dashed := strings.CutPrefix(strings.TrimRight(string(line), "\r"), "--")
	if dashed && bytes.Contains(body[:min(len(body), 1000)], []byte("form-data;")) {
		return boundary
	}
	return ""
}

// mostParts bounds the parts that are read.
const mostParts = 1000

func openMultipart(body []byte, boundary string) (content, error) {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	var fields []field
	for range mostParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return content{}, refuse("The form cannot be read: %s.", strings.TrimPrefix(err.Error(), "multipart: "))
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return content{}, refuse("The form's field %q cannot be read: it ends too early.", card.Cut(part.FormName(), 50))
		}
		name, text := part.FormName(), decode(value, "")
		if name == payloadField {
			c, err := openJSON(text)
			c.slack = true
			return c, err
		}
		if name != "" && part.FileName() == "" {
			fields = append(fields, field{name, string(text)})
		}
	}
	if len(fields) == 0 {
		return content{}, errNoForm
	}
	return openForm(fields), nil
}
