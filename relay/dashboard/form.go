package dashboard

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/connector-relay/relay/relay/operator"
)

// maxForm is how many bytes a form may post.
const maxForm = 1 << 20

// readForm reads what is posted into r.PostForm. It leaves files to the page that takes
// them.
func readForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if hasFiles(r) {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w form: %w", operator.ErrInvalid, err)
	}
	return nil
}

// hasFiles reports whether a form may hold files.
func hasFiles(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "multipart/form-data"
}

// field is a field of a form, for the template "field".
type field struct {
	Name, Label, Doc string
	// Kind is the type of an input element, or "area" or "choice".
	Kind  string
	Value string
	// Options are a choice's.
	Options  []option
	Required bool
	// Example shows in the field while it is empty.
	Example string
	// Rows is an area's height.
	Rows int
	// Problem is what is wrong with the value.
	Problem string
	// Kept says that a secret is stored, and Carried that it was typed a moment ago: it stays
	// while the field is empty. Unless it is required, Argument names one that can be removed.
	Kept, Carried bool
	Argument      string
}

// option is a value that can be chosen. Without a label it shows its value.
type option struct{ Value, Label string }

// flashName is the cookie that carries a sentence from a change to the page after it.
const (
	flashName = "said"
	maxFlash  = 1 << 10
)

func leaveFlash(w http.ResponseWriter, r *http.Request, said mark) {
	if said.Word == "" {
		return
	}
	text := said.Kind + " " + said.Word
	http.SetCookie(w, &http.Cookie{
		Name: flashName, Value: base64.RawURLEncoding.EncodeToString([]byte(text[:min(len(text), maxFlash)])), Path: "/", MaxAge: 60,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

// takeFlash returns the sentence, which shows once.
func takeFlash(w http.ResponseWriter, r *http.Request) *mark {
	c, err := r.Cookie(flashName)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(text) > maxFlash {
		return nil
	}
	var said mark
	if said.Kind, said.Word, _ = strings.Cut(string(text), " "); said.Kind != good {
		said.Kind = bad
	}
	return &said
}
