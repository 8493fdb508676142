package secret

import (
	"encoding/base64"
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
	needles atomic.Pointer[needles]

	mu   sync.Mutex
	kept map[string]*keeping
}

// keeping is what one owner has masked: the secrets and their forms.
type keeping struct{ texts, forms []string }

// Add masks these values from now on, and the forms they take inside a URL, JSON,
// HTML, a quoted Go string or base64; of a secret URL also its path with the query,
// its password and its parameters. A secret in a file counts with the text it has
// now, besides those it had at earlier calls; one that cannot be read is left out,
// because the program does not know its text either.
func (m *Masker) Add(values ...Value) {
	texts := slices.DeleteFunc(textsOf(values), m.knows)
	if len(texts) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if before := m.kept[""]; before != nil {
		texts = slices.Concat(before.texts, texts)
	}
	m.keep("", texts)
}

// Keep masks an owner's values from now on, as Add does, in place of the owner's
// previous ones; without values it forgets those.
func (m *Masker) Keep(owner string, values ...Value) {
	texts := textsOf(values)
	m.mu.Lock()
	defer m.mu.Unlock()
	if before := m.kept[owner]; before == nil && len(texts) == 0 || before != nil && slices.Equal(before.texts, texts) {
		return
	}
	m.keep(owner, texts)
}

func (m *Masker) keep(owner string, texts []string) {
	if m.kept == nil {
		m.kept = make(map[string]*keeping)
	}
	k := &keeping{texts: texts}
	for _, text := range texts {
		k.forms = append(k.forms, append(forms(text), inBase64(text)...)...)
		for _, part := range parts(text) {
			k.forms = append(k.forms, forms(part)...)
		}
		for _, credential := range credentials(text) {
			k.forms = append(k.forms, append(forms(credential), inBase64(credential)...)...)
		}
	}
	m.kept[owner] = k
	if len(texts) == 0 {
		delete(m.kept, owner)
	}
	var all []string
	for _, k := range m.kept {
		all = append(all, k.forms...)
	}
	m.needles.Store(newNeedles(all))
}

// textsOf returns the texts that are long enough to be masked.
func textsOf(values []Value) []string {
	var texts []string
	for _, v := range values {
		if text, err := v.Reveal(); err == nil && len(text) >= shortest {
			texts = append(texts, text)
		}
	}
	return texts
}

// knows reports whether a text is masked as a whole.
func (m *Masker) knows(text string) bool { return m.needles.Load().longest(text) == len(text) }

// forms lists the forms of a text in URLs, JSON, HTML and quoted strings.
func forms(text string) []string {
	list := []string{text, url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text)}
	if strings.Contains(text, "/") {
		// PHP's JSON, and its form in the JSON of a log.
		list = append(list, strings.ReplaceAll(text, "/", `\/`), strings.ReplaceAll(text, "/", `\\/`))
	}
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

// inBase64 lists the forms of a text in the base64 of itself or of a longer text, such
// as Basic's "user:token": the part that does not depend on the surrounding text.
func inBase64(text string) []string {
	var list []string
	for before := range 3 {
		padded := append(make([]byte, before), text...)
		first, end := (before*8+5)/6, len(padded)*8/6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			list = append(list, alphabet.EncodeToString(padded)[first:end])
		}
	}
	return list
}

// parts lists what reveals a secret URL even without its host: errors and logs of HTTP
// programs often show only the path.
func parts(text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil
	}
	list := []string{u.String()}
	for _, part := range []string{u.RequestURI(), u.Path, u.EscapedPath(), u.RawQuery} {
		if len(part) >= shortestPart {
			list = append(list, part)
		}
	}
	return list
}

// credentials lists the parts of a secret URL that give access by themselves.
func credentials(text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil
	}
	var list []string
	if password, ok := u.User.Password(); ok {
		list = append(list, u.User.Username()+":"+password)
		if len(password) >= shortest {
			list = append(list, password)
		}
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= shortestPart {
				list = append(list, v)
			}
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < shortest })
}

// Mask returns the text with every secret replaced by "[secret]"; overlapping secrets
// are replaced as a whole. Text without a secret is returned unchanged, without
// allocation.
func (m *Masker) Mask(text string) string {
	n := m.needles.Load()
	var masked []byte
	written := 0
	for start := 0; start+shortest <= len(text); start++ {
		end := start + n.longest(text[start:])
		if end == start {
			continue
		}
		// Overlapping secrets are replaced together.
		for at := start + 1; at < end; at++ {
			end = max(end, at+n.longest(text[at:]))
		}
		masked = append(append(masked, text[written:start]...), hidden...)
		written, start = end, end-1
	}
	if written == 0 {
		return text
	}
	return string(append(masked, text[written:]...))
}
