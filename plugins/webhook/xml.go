package webhook

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxXMLDepth bounds how deep XML may nest.
const maxXMLDepth = 64

// openXML takes XML as data: an element becomes an object of its attributes, with @
// before their names, and its elements, or a text if it has neither.
func openXML(body []byte) (content, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is already UTF-8
	d.Entity = xml.HTMLEntity
	x := xmlReader{decoder: d}
	for {
		token, err := d.Token()
		if err != nil {
			return content{}, x.refuse(err)
		}
		root, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		value, err := x.element(root, nil)
		if err != nil {
			return content{}, x.refuse(err)
		}
		c := content{kind: kindXML, json: encode(map[string]any{root.Name.Local: value}), card: fieldCard(x.fields)}
		if c.card.Title == "" {
			c.card.Title = root.Name.Local
		}
		return c, nil
	}
}

type xmlReader struct {
	decoder *xml.Decoder
	// fields are the texts and attributes, in order.
	fields []field
}

func (x *xmlReader) refuse(err error) error {
	line, column := x.decoder.InputPos()
	problem := err.Error()
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		problem = e.Msg
	}
	if errors.Is(err, io.EOF) {
		problem = "it has no element"
	}
	return refuse("The body is not XML: line %d, column %d: %s.", line, column, problem)
}

var errDeepXML = errors.New("it is nested too deeply")

// element reads an element to its end. The path is the names of its ancestors, without
// the outermost.
func (x *xmlReader) element(start xml.StartElement, path []string) (any, error) {
	if len(path) > maxXMLDepth {
		return nil, errDeepXML
	}
	object := make(map[string]any)
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		collect(object, "@"+a.Name.Local, a.Value)
		x.add(append(path, a.Name.Local), a.Value)
	}
	var text strings.Builder
	for {
		token, err := x.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			value, err := x.element(t, append(path, t.Name.Local))
			if err != nil {
				return nil, err
			}
			collect(object, t.Name.Local, value)
		case xml.EndElement:
			return x.value(object, strings.TrimSpace(text.String()), path), nil
		}
	}
}

// add notes a value for the card, which shows only the first ones.
func (x *xmlReader) add(path []string, value string) {
	name := ""
	if len(x.fields) < 2*mostFacts {
		name = cmp.Or(strings.Join(path, "/"), "text")
	}
	x.fields = append(x.fields, field{name, value})
}

// value is an element's value.
func (x *xmlReader) value(object map[string]any, text string, path []string) any {
	if text != "" {
		x.add(path, text)
	}
	if len(object) == 0 {
		return text
	}
	if text != "" {
		object["#text"] = text
	}
	return object
}
