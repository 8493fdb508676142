package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// static serves the style sheet, the scripts and the icon, compressed once. A page names
// each with a digest of what it holds, so that a browser keeps it until it changes.
type static map[string]asset

type asset struct {
	plain, zipped []byte
	digest        string
}

func newStatic(files fs.FS) (static, error) {
	s := make(static)
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := io.Copy(z, bytes.NewReader(b)); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		s[name] = asset{b, zipped.Bytes(), hex.EncodeToString(sum[:6])}
		return nil
	})
	return s, err
}

// url is where a page finds a file.
func (s static) url(name string) string { return "/static/" + name + "?" + s[name].digest }

// ServeHTTP implements [http.Handler].
func (s static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := s[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.URL.RawQuery == a.digest {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	_, _ = w.Write(body)
}
