package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/connector-relay/relay/relay/printable"
)

// show prints a list: as JSON, or as a table with a row for each element and, unless it
// is empty, a header.
func show[T any](a *app, list []T, header string, row func(T) []string) error {
	if a.json {
		return a.showJSON(list)
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if header != "" {
		fmt.Fprintln(w, strings.ReplaceAll(header, " ", "\t"))
	}
	for _, v := range list {
		cells := row(v)
		for i := range cells {
			cells[i] = printable.Line(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// showJSON prints an array of objects; without elements, an empty array.
func (a *app) showJSON(list any) error {
	b, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("print as JSON: %w", err)
	}
	if string(b) == "null" {
		_, err = io.WriteString(a.out, "[]\n")
		return err
	}
	return a.encoder().Encode(list)
}

// say prints what was done: as a line or, in JSON, as an array of one object.
func (a *app) say(object any, format string, args ...any) error {
	if a.json {
		return a.showJSON([]any{object})
	}
	_, err := fmt.Fprintf(a.out, format+"\n", args...)
	return err
}

// asObjects makes an array of objects with one key, the shape of all JSON output.
func asObjects[T any](key string, list []T) []map[string]T {
	objects := make([]map[string]T, len(list))
	for i, v := range list {
		objects[i] = map[string]T{key: v}
	}
	return objects
}

// encoder writes JSON for people, who want to read "<" as it is.
func (a *app) encoder() *json.Encoder {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e
}

// when prints a time for a table: how long ago, or how soon.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := time.Until(t).Round(time.Second)
	switch {
	case d > 0:
		return "in " + span(d)
	case d > -time.Second:
		return "now"
	}
	return span(-d) + " ago"
}

// span prints a duration in its largest whole unit.
func span(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}}
	for _, u := range units {
		if d >= u.size {
			return strconv.Itoa(int(d/u.size)) + u.name
		}
	}
	return strconv.Itoa(int(d/time.Second)) + "s"
}

// dash stands for an empty cell, so that the columns stay aligned.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// short shortens a text for a table cell, at a rune boundary.
func short(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
