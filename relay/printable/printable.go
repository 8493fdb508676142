// Package printable keeps strangers' text from acting on a terminal: a card's title
// must not clear the screen, rename the window, reverse a line or fake a row of a
// table.
//
// Dangerous characters become escapes as in JSON, such as \u001b: visible in text, and
// with the same meaning in JSON.
package printable

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// safe reports whether a terminal merely shows a rune. Line breaks and tabs are safe
// here; for single lines, see [Flatten].
func safe(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r >= ' ' && r <= '~':
		return true
	case r < 0xA0:
		return false
	}
	// Marks of direction, tags, line and paragraph separators, and invisible characters.
	return !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// appendRune adds a rune, or its escape.
func appendRune(to []byte, r rune) []byte {
	switch {
	case safe(r):
		return utf8.AppendRune(to, r)
	case r > 0xFFFF:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(to, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(to, `\u%04x`, r)
}

// Text escapes what a terminal would act on.
func Text(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !safe(r) || r == utf8.RuneError }) {
		return s
	}
	to := make([]byte, 0, len(s)+16)
	for _, r := range s {
		to = appendRune(to, r)
	}
	return string(to)
}

// Line is [Text] in one line.
func Line(s string) string { return Text(flat(s)) }

// Blank replaces what a terminal would act on byte for byte, for texts with positions
// in bytes.
func Blank(b []byte) []byte {
	blanked := bytes.Clone(b)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if !safe(r) || r == utf8.RuneError {
			copy(blanked[i:i+size], "????")
		}
		i += size
	}
	return blanked
}

// flat replaces line breaks and tabs.
func flat(s string) string {
	if !strings.ContainsAny(s, "\n\r\t") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// Verbatim is a value whose texts have lines of their own, such as a file that is printed as
// it is.
type Verbatim interface{ Verbatim() }

// Flatten puts every text in the value that v points to on one line, so that none fakes
// another line. Bytes, such as a card's JSON, are unchanged, and so is what is [Verbatim].
func Flatten(v any) { flatten(reflect.ValueOf(v)) }

func flatten(v reflect.Value) {
	if v.IsValid() && v.Type().Implements(reflect.TypeFor[Verbatim]()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		flatten(v.Elem())
	case reflect.Interface:
		if !v.IsNil() && v.CanSet() {
			inner := reflect.New(v.Elem().Type()).Elem()
			inner.Set(v.Elem())
			flatten(inner)
			v.Set(inner)
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(flat(v.String()))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				flatten(field)
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			flatten(v.Index(i))
		}
	case reflect.Map:
		flattenMap(v)
	}
}

// flattenMap replaces the map's entries, which cannot be changed in place.
func flattenMap(v reflect.Value) {
	if v.IsNil() || !v.CanSet() {
		return
	}
	changed := reflect.MakeMapWithSize(v.Type(), v.Len())
	for entry := v.MapRange(); entry.Next(); {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.Set(entry.Key())
		value.Set(entry.Value())
		flatten(key)
		flatten(value)
		changed.SetMapIndex(key, value)
	}
	v.Set(changed)
}

// Writer writes to a terminal, or to what may end up on one, with escapes as in [Text].
// It is safe for concurrent use.
type Writer struct {
	to io.Writer

	mu sync.Mutex
	// rest is the beginning of an incomplete rune.
	rest []byte
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Unwrap returns the underlying writer, which escapes nothing.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write implements [io.Writer].
func (w *Writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.rest, b...)
	w.rest = nil
	clean := make([]byte, 0, len(text))
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			w.rest = bytes.Clone(text)
			break
		}
		r, size := utf8.DecodeRune(text)
		clean = appendRune(clean, r)
		text = text[size:]
	}
	if _, err := w.to.Write(clean); err != nil {
		return 0, err
	}
	return len(b), nil
}
