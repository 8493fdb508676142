// Package secret is a value that cannot print itself.
package secret

import (
	"fmt"
	"os"
	"strings"
)

// hidden is what stands wherever a secret would have been printed.
const hidden = "[secret]"

// Value is a secret: a token or a webhook URL. Printing, formatting, logging or
// marshalling it, alone or inside another value, gives "[secret]"; only Reveal
// gives the text. The zero value is an empty secret.
type Value struct {
	text string
	path string
}

// New returns a secret with a fixed text.
func New(text string) Value { return Value{text: text} }

// FromFile returns a secret whose text is the file's content, without a final
// line break. The file is read again at each Reveal, so that a rotated secret
// is used without a reload.
func FromFile(path string) Value { return Value{path: path} }

// Reveal returns the text. It fails only for a secret in a file that cannot be
// read; the error names the file.
func (v Value) Reveal() (string, error) {
	if v.path == "" {
		return v.text, nil
	}
	b, err := os.ReadFile(v.path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// IsZero reports whether there is no secret at all. It reads no file.
func (v Value) IsZero() bool { return v.text == "" && v.path == "" }

// String implements [fmt.Stringer].
func (v Value) String() string { return hidden }

// Format implements [fmt.Formatter], so that no verb reaches the fields.
func (v Value) Format(s fmt.State, _ rune) { fmt.Fprint(s, hidden) }

// MarshalText implements [encoding.TextMarshaler] (and with it JSON).
func (v Value) MarshalText() ([]byte, error) { return []byte(hidden), nil }
