package picture

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/store"
)

const (
	// AlbumPath is where an [Album] is served.
	AlbumPath = "/pictures/"
	// MostUploaded is the largest upload, in bytes.
	MostUploaded = 4 << 20
	// side is how many pixels the longer side of an upload has at most, and smallSide that
	// of one which compresses so badly that it would be too large.
	side, smallSide = 256, 160
	// unusedFor is how long an upload is kept that no connector shows: somebody may still
	// be filling in the form.
	unusedFor = 24 * time.Hour
	// readAtOnce is how many pictures are read from the store at a time.
	readAtOnce = 8
	// idLength is the length of a text that crypto/rand makes: 130 bits.
	idLength = 26
	// albumRoom is how many bytes of them are kept in memory.
	albumRoom = 4 << 20
)

// Store keeps uploads; package store says what each method promises.
type Store interface {
	SavePicture(ctx context.Context, p store.Picture) error
	Picture(ctx context.Context, id string) (store.Picture, error)
	Pictures(ctx context.Context, owner string) ([]store.Picture, error)
	RemovePicture(ctx context.Context, id string) error
}

// AlbumOptions are what an album works with.
type AlbumOptions struct {
	Store   Store
	Decoder *Decoder
	// Public returns the URL at which chat systems reach the album's listener.
	Public func() string
	Log    zerolog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Album keeps the pictures that people upload, and serves them to whoever knows their
// addresses, which nobody can guess: chat systems do not sign in.
type Album struct {
	options AlbumOptions
	read    *cache[Still]
	reading chan struct{}
	// adding keeps two uploads from passing the same bound together.
	adding sync.Mutex
}

// NewAlbum returns an album.
func NewAlbum(o AlbumOptions) *Album {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Album{options: o, read: newCache(albumRoom, func(s Still) int { return len(s.Bytes) }), reading: make(chan struct{}, readAtOnce)}
}

// Add keeps an upload, drawn anew as a small PNG, and returns its public address. An error
// that is [RefusedError] is for the person who uploaded it.
func (a *Album) Add(ctx context.Context, owner string, upload []byte) (address string, err error) {
	if len(upload) > MostUploaded {
		return "", RefusedError("The file is larger than 4 MB. Make the picture smaller and upload it again.")
	}
	content, err := a.options.Decoder.Icon(ctx, upload, side)
	if err == nil && len(content) > store.MaxPicture {
		content, err = a.options.Decoder.Icon(ctx, upload, smallSide)
	}
	if err != nil {
		return "", err
	}
	a.adding.Lock()
	defer a.adding.Unlock()
	if err := a.room(ctx, owner, len(content)); err != nil {
		return "", err
	}
	p := store.Picture{ID: rand.Text(), Type: "image/png", Content: content, Size: len(content), Owner: owner, Created: a.options.Now()}
	if err := a.options.Store.SavePicture(ctx, p); err != nil {
		return "", err
	}
	return a.options.Public() + AlbumPath + p.ID + ".png", nil
}

// room says whether there is room for one more picture.
func (a *Album) room(ctx context.Context, owner string, size int) error {
	all, err := a.options.Store.Pictures(ctx, "")
	if err != nil {
		return err
	}
	mine := 0
	for _, p := range all {
		size += p.Size
		if p.Owner == owner {
			mine++
		}
	}
	switch {
	case mine >= store.MaxPictures:
		return RefusedError("You have uploaded as many pictures as one person may. Those that no connector shows are removed after a day.")
	case size > store.MaxPictureBytes:
		return RefusedError("There is no room for another picture. Give the address of one that is elsewhere, or ask whoever runs Relay.")
	}
	return nil
}

// Own returns the path of one of this album's pictures from its public address, or
// nothing for a picture elsewhere.
func (a *Album) Own(address string) string {
	path, ok := strings.CutPrefix(address, a.options.Public())
	if _, named := nameOf(path); !ok || !named {
		return ""
	}
	return path
}

// nameOf returns the ID in a picture's path.
func nameOf(path string) (id string, ok bool) {
	id, below := strings.CutPrefix(path, AlbumPath)
	id, typed := strings.CutSuffix(id, ".png")
	return id, below && typed && len(id) == idLength && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// ServeHTTP implements [http.Handler].
func (a *Album) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, ok := nameOf(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	still, ok := a.read.get(id, a.options.Now())
	if !ok {
		select {
		case a.reading <- struct{}{}:
			defer func() { <-a.reading }()
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Too many requests are under way; try again soon.", http.StatusServiceUnavailable)
			return
		}
		p, err := a.options.Store.Picture(r.Context(), id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			http.NotFound(w, r)
			return
		case err != nil:
			a.options.Log.Error().Err(err).Msg("a picture could not be read from the store")
			http.Error(w, "The picture cannot be read now.", http.StatusServiceUnavailable)
			return
		}
		still = Still{p.Type, p.Content}
		a.read.put(id, still, a.options.Now().Add(time.Hour))
	}
	serve(w, still, "public, max-age=31536000, immutable")
}

// Sweep removes the uploads that no connector shows any more, and returns how many there
// were. The texts are all that may name one: saved blocks, and what files say.
func (a *Album) Sweep(ctx context.Context, texts ...string) (removed int, err error) {
	all, err := a.options.Store.Pictures(ctx, "")
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if a.options.Now().Sub(p.Created) < unusedFor || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, AlbumPath+p.ID) }) {
			continue
		}
		if err := a.options.Store.RemovePicture(ctx, p.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return removed, err
		}
		a.read.drop(p.ID)
		removed++
	}
	return removed, nil
}
