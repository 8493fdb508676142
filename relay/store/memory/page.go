package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// page is what people make on the page.
type page struct {
	blocks   map[string]store.Block
	secrets  map[string][]byte
	pictures map[string]store.Picture
}

func newPage() page {
	return page{blocks: make(map[string]store.Block), secrets: make(map[string][]byte), pictures: make(map[string]store.Picture)}
}

// lookUp returns what a map has for a key. The map is read while the lock is held.
func lookUp[K comparable, V any](ctx context.Context, s *Store, what string, in map[K]V, key K) (v V, err error) {
	err = s.use(ctx, func() error {
		var found bool
		if v, found = in[key]; !found {
			return fmt.Errorf("%s: %w", what, store.ErrNotFound)
		}
		return nil
	})
	return v, err
}

// remove removes a key from a map.
func remove[K comparable, V any](ctx context.Context, s *Store, what string, from map[K]V, key K) error {
	return s.use(ctx, func() error {
		if _, found := from[key]; !found {
			return fmt.Errorf("%s: %w", what, store.ErrNotFound)
		}
		delete(from, key)
		return nil
	})
}

// sorted returns the values of a map that are wanted, in order.
func sorted[K comparable, V any](ctx context.Context, s *Store, in map[K]V, wanted func(V) bool, compare func(a, b V) int) (list []V, err error) {
	err = s.use(ctx, func() error {
		for _, v := range in {
			if wanted(v) {
				list = append(list, v)
			}
		}
		slices.SortFunc(list, compare)
		return nil
	})
	return list, err
}

func all[V any](V) bool { return true }

// Blocks implements [store.Store].
func (s *Store) Blocks(ctx context.Context) ([]store.Block, error) {
	return sorted(ctx, s, s.page.blocks, all, func(a, b store.Block) int { return strings.Compare(a.Name, b.Name) })
}

// Block implements [store.Store].
func (s *Store) Block(ctx context.Context, name string) (store.Block, error) {
	return lookUp(ctx, s, "saved block "+name, s.page.blocks, name)
}

// SaveBlock implements [store.Store].
func (s *Store) SaveBlock(ctx context.Context, b store.Block, secrets map[string][]byte) (store.Block, error) {
	err := s.use(ctx, func() error {
		if s.page.blocks[b.Name].Revision != b.Revision {
			return fmt.Errorf("save block %s: %w", b.Name, store.ErrChanged)
		}
		b.Revision, b.Saved = b.Revision+1, time.Now()
		s.page.blocks[b.Name] = b
		s.saveSecrets(secrets)
		return nil
	})
	if err != nil {
		return store.Block{}, err
	}
	return b, nil
}

// RemoveBlock implements [store.Store].
func (s *Store) RemoveBlock(ctx context.Context, name string, revision int64) error {
	return s.use(ctx, func() error {
		switch was, found := s.page.blocks[name]; {
		case !found:
			return fmt.Errorf("remove block %s: %w", name, store.ErrNotFound)
		case was.Revision != revision:
			return fmt.Errorf("remove block %s: %w", name, store.ErrChanged)
		}
		delete(s.page.blocks, name)
		return nil
	})
}

// SaveSecrets implements [store.Store].
func (s *Store) SaveSecrets(ctx context.Context, secrets map[string][]byte) error {
	return s.use(ctx, func() error {
		s.saveSecrets(secrets)
		return nil
	})
}

func (s *Store) saveSecrets(secrets map[string][]byte) {
	for name, sealed := range secrets {
		if sealed == nil {
			delete(s.page.secrets, name)
		} else {
			s.page.secrets[name] = bytes.Clone(sealed)
		}
	}
}

// Secret implements [store.Store].
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	return lookUp(ctx, s, "secret "+name, s.page.secrets, name)
}

// Secrets implements [store.Store].
func (s *Store) Secrets(ctx context.Context) (names []string, err error) {
	err = s.use(ctx, func() error {
		names = slices.Sorted(maps.Keys(s.page.secrets))
		return nil
	})
	return names, err
}

// SavePicture implements [store.Store].
func (s *Store) SavePicture(ctx context.Context, p store.Picture) error {
	return s.use(ctx, func() error {
		if _, found := s.page.pictures[p.ID]; found {
			return fmt.Errorf("save a picture: %w", store.ErrTaken)
		}
		p.Content, p.Size = bytes.Clone(p.Content), len(p.Content)
		s.page.pictures[p.ID] = p
		return nil
	})
}

// Picture implements [store.Store].
func (s *Store) Picture(ctx context.Context, id string) (store.Picture, error) {
	return lookUp(ctx, s, "picture", s.page.pictures, id)
}

// Pictures implements [store.Store].
func (s *Store) Pictures(ctx context.Context, owner string) ([]store.Picture, error) {
	list, err := sorted(ctx, s, s.page.pictures, func(p store.Picture) bool { return owner == "" || p.Owner == owner },
		func(a, b store.Picture) int { return cmp.Or(b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID)) })
	for i := range list {
		list[i].Content = nil
	}
	return list, err
}

// RemovePicture implements [store.Store].
func (s *Store) RemovePicture(ctx context.Context, id string) error {
	return remove(ctx, s, "remove a picture", s.page.pictures, id)
}
