// Package secret has a value that cannot print itself, and a mask for text that leaves
// the program.
//
// Whoever reads a secret makes a Value of it and has it masked; Reveal is only for the
// place that sends it.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
)

// hidden is printed in place of a secret.
const hidden = "[secret]"

// Value is a secret: a token or a webhook URL. Printing, formatting, logging or
// marshalling it, alone or inside another value, gives "[secret]"; only Reveal
// gives the text. The zero value is an empty secret. A Value is safe for
// concurrent use; compare two with [Value.Equal].
type Value struct {
	// secret is nil for no secret. It is a function because fmt ignores the methods of a
	// value in an unexported field: it prints the value itself, with some verbs even what
	// a pointer points to. Of a function it prints only an address.
	secret func() *source
}

// source is where the text comes from: a fixed text or a file.
type source struct {
	text string
	file *file
}

// New returns a secret with a fixed text.
func New(text string) Value {
	if text == "" {
		return Value{}
	}
	return hide(&source{text: text})
}

// FromFile returns a secret whose text is the file's content, without a final line
// break. The next Reveal after a change returns the new text, so that a rotated secret
// is used without a reload.
func FromFile(path string) Value {
	return hide(&source{file: &file{path: path}})
}

func hide(s *source) Value { return Value{secret: func() *source { return s }} }

// Reveal returns the text. It fails only for a secret in a file that cannot be read;
// the error names the file. For an unchanged file, Reveal costs one stat.
func (v Value) Reveal() (string, error) {
	if v.secret == nil {
		return "", nil
	}
	s := v.secret()
	if s.file == nil {
		return s.text, nil
	}
	text, err := s.file.read()
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return text, nil
}

// IsZero reports whether there is no secret at all. It reads no file.
func (v Value) IsZero() bool { return v.secret == nil }

// Equal reports whether both are the same text or the same file. It reads no
// file.
func (v Value) Equal(u Value) bool {
	if v.secret == nil || u.secret == nil {
		return v.secret == nil && u.secret == nil
	}
	a, b := v.secret(), u.secret()
	if a.file != nil || b.file != nil {
		return a.file != nil && b.file != nil && a.file.path == b.file.path
	}
	return subtle.ConstantTimeCompare([]byte(a.text), []byte(b.text)) == 1
}

// Fingerprint tells secrets apart without showing them: it is the same for equal values
// and differs otherwise. A file's fingerprint does not depend on its content. It must
// not be shown, because a weak secret can be guessed from it.
func (v Value) Fingerprint() string {
	kind, text := "none", ""
	if v.secret != nil {
		if s := v.secret(); s.file != nil {
			kind, text = "file", s.file.path
		} else {
			kind, text = "text", s.text
		}
	}
	sum := sha256.Sum256([]byte(kind + "\x00" + text))
	return hex.EncodeToString(sum[:])
}

// String implements [fmt.Stringer].
func (v Value) String() string { return hidden }

// Format implements [fmt.Formatter], so that no verb reaches the fields.
func (v Value) Format(s fmt.State, _ rune) { fmt.Fprint(s, hidden) }

// MarshalText implements [encoding.TextMarshaler] (and with it JSON).
func (v Value) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue implements [slog.LogValuer].
func (v Value) LogValue() slog.Value { return slog.StringValue(hidden) }
