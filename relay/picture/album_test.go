package picture_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/picture"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/memory"
)

const public = "https://relay.example.com"

// album is an album whose clock stands until it is set.
type album struct {
	*picture.Album
	store *memory.Store
	now   time.Time
}

func newAlbum(t *testing.T) *album {
	t.Helper()
	a := &album{store: memory.New(), now: time.Now()}
	a.Album = picture.NewAlbum(picture.AlbumOptions{
		Store: a.store, Decoder: picture.NewDecoder(), Public: func() string { return public }, Log: zerolog.Nop(), Now: func() time.Time { return a.now },
	})
	return a
}

func (a *album) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func (a *album) add(t *testing.T, owner string) (path string) {
	t.Helper()
	address, err := a.Add(t.Context(), owner, asPNG(t, drawn(300, 300, 255)))
	if err != nil {
		t.Fatal(err)
	}
	path, ok := strings.CutPrefix(address, public)
	if !ok {
		t.Fatalf("chat systems cannot reach %s", address)
	}
	return path
}

func TestAnUploadIsServedToWhoeverKnowsItsAddress(t *testing.T) {
	a := newAlbum(t)
	path := a.add(t, "ada@example.com")
	for range 2 {
		w := a.get(path)
		h := w.Header()
		if w.Code != http.StatusOK || h.Get("Content-Type") != "image/png" || h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Set-Cookie") != "" {
			t.Errorf("%d %v", w.Code, h)
		}
		if m, err := png.Decode(w.Body); err != nil || m.Bounds().Dx() != 256 {
			t.Errorf("it is no picture of 256 pixels: %v", err)
		}
	}
	if got := a.Own(public + path); got != path {
		t.Errorf("the picture's own path is %q", got)
	}
}

func TestNobodyElseFindsAPicture(t *testing.T) {
	a := newAlbum(t)
	path := a.add(t, "ada@example.com")
	for _, other := range []string{
		picture.AlbumPath, picture.AlbumPath + strings.Repeat("A", 26) + ".png", path[:len(path)-4], strings.ToLower(path), path + "/", path[:len(path)-5] + ".png",
		picture.AlbumPath + "../relay.key", picture.AlbumPath + "%00.png", picture.AlbumPath + strings.Repeat("A", 5000) + ".png",
	} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: other}})
		if w.Code != http.StatusNotFound {
			t.Errorf("%.60s: %d", other, w.Code)
		}
	}
	for _, address := range []string{"https://relay.example.com.evil.example" + path, path, public + "/api" + path, public + path + "?x", public + picture.AlbumPath + "../api.png"} {
		if got := a.Own(address); got != "" {
			t.Errorf("%s passes for a picture of this relay", address)
		}
	}
}

func TestAnUploadThatHardlyCompressesStillFits(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(noise.Pix)
	a := newAlbum(t)
	address, err := a.Add(t.Context(), "ada@example.com", asPNG(t, noise))
	if err != nil {
		t.Fatal(err)
	}
	if size := a.get(strings.TrimPrefix(address, public)).Body.Len(); size > store.MaxPicture {
		t.Errorf("it has %d bytes", size)
	}
}

// TestUploadsAreBounded for each person, in all, and in themselves.
func TestUploadsAreBounded(t *testing.T) {
	refused := func(err error, want string) {
		t.Helper()
		if r, ok := errors.AsType[picture.RefusedError](err); !ok || !strings.Contains(string(r), want) {
			t.Errorf("%v, want a refusal that says %q", err, want)
		}
	}
	a := newAlbum(t)
	for range store.MaxPictures {
		a.add(t, "ada@example.com")
	}
	_, err := a.Add(t.Context(), "ada@example.com", asPNG(t, drawn(8, 8, 255)))
	refused(err, "as many pictures")
	a.add(t, "bob@example.com")
	_, err = a.Add(t.Context(), "bob@example.com", bytes.Repeat([]byte("x"), picture.MostUploaded+1))
	refused(err, "4 MB")
	full := store.Picture{Type: "image/png", Size: store.MaxPicture, Content: make([]byte, store.MaxPicture)}
	for i := range store.MaxPictureBytes/store.MaxPicture + 1 {
		full.ID, full.Owner = fmt.Sprintf("full%d", i), fmt.Sprintf("%d@example.com", i)
		if err := a.store.SavePicture(t.Context(), full); err != nil {
			t.Fatal(err)
		}
	}
	_, err = a.Add(t.Context(), "carol@example.com", asPNG(t, drawn(8, 8, 255)))
	refused(err, "no room")
}

// TestAPictureGoesWithItsConnector, but not while somebody still fills in the form.
func TestAPictureGoesWithItsConnector(t *testing.T) {
	a := newAlbum(t)
	used, unused := a.add(t, "ada@example.com"), a.add(t, "ada@example.com")
	block := `connector "webhook" "ci" { image = "` + public + used + `" }`
	sweep := func(want int, texts ...string) {
		t.Helper()
		if removed, err := a.Sweep(t.Context(), texts...); err != nil || removed != want {
			t.Errorf("%d removed, %v, want %d", removed, err, want)
		}
	}
	sweep(0, block)
	a.now = a.now.Add(25 * time.Hour)
	a.get(unused) // and it is in memory
	sweep(1, "something else", block)
	if a.get(used).Code != http.StatusOK || a.get(unused).Code != http.StatusNotFound {
		t.Error("the wrong picture is gone")
	}
	sweep(1)
	if a.get(used).Code != http.StatusNotFound {
		t.Error("the picture of a connector that is gone is still served")
	}
}
