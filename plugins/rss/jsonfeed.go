package rss

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// oneJSON is a text's first JSON value, with raw control characters in its strings
// escaped.
func oneJSON(text []byte) ([]byte, error) {
	var b bytes.Buffer
	within, escaped := false, false
	for _, c := range text {
		switch {
		case within && c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
			escaped = false
			continue
		case escaped:
			escaped = false
		case c == '"':
			within = !within
		case c == '\\':
			escaped = within
		case c < ' ' && c != '\n' && c != '\t' && c != '\r':
			continue
		}
		b.WriteByte(c)
	}
	var one json.RawMessage
	err := json.NewDecoder(&b).Decode(&one)
	return one, err
}

// object is an object of a JSON Feed.
type object = map[string]any

// lenient gives a JSON Feed's fields their proper types: people write numbers as ids,
// and one author instead of a list.
func lenient(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var feed object
	if err := d.Decode(&feed); err != nil {
		return nil, err
	}
	lines(feed, "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon", "language")
	authors(feed)
	delete(feed, "hubs")
	for _, it := range objects(feed, "items") {
		lines(it, "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image", "date_published", "date_modified", "language")
		authors(it)
		var tags []any
		for _, tag := range list(it["tags"]) {
			if s, ok := line(tag); ok {
				tags = append(tags, s)
			}
		}
		it["tags"] = tags
		for _, a := range objects(it, "attachments") {
			lines(a, "url", "mime_type", "title")
		}
	}
	return json.Marshal(feed)
}

// objects makes a field, if it is there, a list of nothing but objects, and returns it.
func objects(o object, name string) []object {
	found := []object{}
	for _, v := range list(o[name]) {
		if one, ok := v.(object); ok {
			found = append(found, one)
		}
	}
	if _, ok := o[name]; ok {
		o[name] = found
	}
	return found
}

// lines turns fields into strings.
func lines(o object, names ...string) {
	for _, name := range names {
		if s, ok := line(o[name]); ok {
			o[name] = s
		} else {
			delete(o, name)
		}
	}
}

func line(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// list returns a list, also for a single value.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// authors normalises an object's authors.
func authors(o object) {
	people := append(list(o["authors"]), list(o["author"])...)
	for i, v := range people {
		if name, ok := line(v); ok {
			people[i] = object{"name": name}
		}
	}
	delete(o, "author")
	o["authors"] = people
	for _, person := range objects(o, "authors") {
		lines(person, "name", "url", "avatar")
	}
}
