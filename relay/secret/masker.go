package secret

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// shortest is the length in bytes from which a secret is masked: replacing
	// anything shorter would garble ordinary words, and no real token is so short.
	shortest = 6
	// shortestPart is the same for a part of a URL, such as "/hooks", which is more
	// likely to be an ordinary word.
	shortestPart = 16
)

// Masker replaces secrets in text that is about to leave the program: the last
// guard behind [Value]. The zero value masks nothing. All methods are safe for
// concurrent use.
type Masker struct {
	// needles is what Mask looks for; it is replaced whole, never changed.
	needles atomic.Pointer[[]needle]

	mu    sync.Mutex
	texts map[string]struct{}
}

// Add masks these values from now on, and the forms they take inside a URL, JSON,
// HTML or a quoted Go string; of a secret URL also its path with the query, and
// its parameters. A secret in a file counts with the text it has now, besides
// those it had at earlier calls; one that cannot be read is left out, because the
// program does not know its text either.
func (m *Masker) Add(values ...Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(values)
}

// Reset forgets all values but these.
func (m *Masker) Reset(values ...Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts = nil
	m.add(values)
}

func (m *Masker) add(values []Value) {
	if m.texts == nil {
		m.texts = make(map[string]struct{})
	}
	for _, v := range values {
		text, err := v.Reveal()
		if err != nil || len(text) < shortest {
			continue
		}
		for _, form := range forms(text) {
			m.texts[form] = struct{}{}
		}
		for _, part := range parts(text) {
			for _, form := range forms(part) {
				m.texts[form] = struct{}{}
			}
		}
	}
	needles := make([]needle, 0, len(m.texts))
	for text := range m.texts {
		needles = append(needles, needle{text: text, bytes: []byte(text)})
	}
	m.needles.Store(&needles)
}

// forms lists how a text may stand in URLs, JSON, HTML and quoted strings.
func forms(text string) []string {
	list := []string{text, url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text)}
	var b strings.Builder
	for _, escapeHTML := range []bool{false, true} {
		b.Reset()
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escapeHTML)
		if err := e.Encode(text); err == nil {
			quoted := strings.TrimSuffix(b.String(), "\n")
			list = append(list, quoted[1:len(quoted)-1])
		}
	}
	return list
}

// parts lists what gives a secret URL away even without its host: errors and logs
// of HTTP programs often show only the path.
func parts(text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil
	}
	var list []string
	keep := func(part string, least int) {
		if len(part) >= least {
			list = append(list, part)
		}
	}
	keep(u.String(), shortest)
	keep(u.RequestURI(), shortestPart)
	keep(u.Path, shortestPart)
	keep(u.EscapedPath(), shortestPart)
	keep(u.RawQuery, shortestPart)
	if password, ok := u.User.Password(); ok {
		keep(password, shortest)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			keep(v, shortestPart)
		}
	}
	return list
}

// Mask returns the text with every secret replaced by "[secret]"; where secrets
// overlap, the whole stretch is. Text without a secret comes back as it is,
// without allocation.
func (m *Masker) Mask(text string) string {
	found := find(text, m.needles.Load(), func(text string, n needle) int { return strings.Index(text, n.text) })
	if found == nil {
		return text
	}
	return string(replace(text, found))
}

// MaskBytes is [Masker.Mask] for bytes. The result is b itself when it holds no
// secret.
func (m *Masker) MaskBytes(b []byte) []byte {
	found := find(b, m.needles.Load(), func(b []byte, n needle) int { return bytes.Index(b, n.bytes) })
	if found == nil {
		return b
	}
	return replace(b, found)
}

// needle is a text to mask, in the two forms that searches want.
type needle struct {
	text  string
	bytes []byte
}

// find returns where needles stand, overlapping ones too; nil for nowhere.
func find[T string | []byte](text T, needles *[]needle, index func(T, needle) int) []span {
	if needles == nil {
		return nil
	}
	var found []span
	for _, n := range *needles {
		for from := 0; ; from++ {
			i := index(text[from:], n)
			if i < 0 {
				break
			}
			from += i
			found = append(found, span{from, from + len(n.text)})
		}
	}
	return found
}

// span is where a secret stands.
type span struct{ start, end int }

// replace puts hidden in the place of each stretch of overlapping spans.
func replace[T string | []byte](text T, spans []span) []byte {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	masked := make([]byte, 0, len(text))
	written := 0
	for i := 0; i < len(spans); {
		s := spans[i]
		for i++; i < len(spans) && spans[i].start < s.end; i++ {
			s.end = max(s.end, spans[i].end)
		}
		masked = append(masked, text[written:s.start]...)
		masked = append(masked, hidden...)
		written = s.end
	}
	return append(masked, text[written:]...)
}
