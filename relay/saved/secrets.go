package saved

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/store"
)

// sealed is what is stored of a secret.
type sealed struct {
	Value string `json:"value,omitempty"`
	// By is who gave it, or whose connector it is.
	By string `json:"by,omitempty"`
}

// ownership is the name of the secret that says whose a connector is or, once it was
// removed, was: its hook URL and checkpoint are not for whoever takes its name next. It is
// sealed like the others, so that nobody can write it who can only write to the store.
func ownership(connector string) string { return form.SecretName(connector, "owner") }

// readWithin bounds the time to read a secret.
const readWithin = 10 * time.Second

var (
	errNotStored = errors.New("nothing is stored under this name; fill it in on the page")
	errTooLong   = fmt.Errorf("it is longer than %d bytes", store.MaxSecret)
)

// Secret returns a function that reads secrets: those given, and those that are stored.
func (k *Keeper) Secret(ctx context.Context, given Secrets) func(name string) (string, error) {
	return func(name string) (string, error) {
		if v, ok := given[name]; ok {
			return v.Reveal()
		}
		ctx, cancel := context.WithTimeout(ctx, readWithin)
		defer cancel()
		s, err := k.open(ctx, name)
		return s.Value, err
	}
}

func (k *Keeper) open(ctx context.Context, name string) (s sealed, err error) {
	b, err := k.options.Store.Secret(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return s, errNotStored
	}
	if err != nil {
		return s, err
	}
	plain, err := k.options.Key.Open(name, b)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, errors.New("what is stored is no secret") // without the text
	}
	return s, nil
}

func (k *Keeper) seal(name string, s sealed) ([]byte, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	b, err := k.options.Key.Seal(name, plain)
	if err == nil && len(b) > store.MaxSecret {
		return nil, errTooLong
	}
	return b, err
}

// sealing returns what to store with a block: the secrets that were given, whose it is, and
// nothing under the names that a form no longer uses.
func (k *Keeper) sealing(ctx context.Context, b store.Block, by string, given Secrets, form *form.Filled) (map[string][]byte, error) {
	all := make(map[string][]byte)
	for name, v := range given {
		text, err := v.Reveal()
		if err != nil {
			return nil, err
		}
		if all[name], err = k.seal(name, sealed{Value: text, By: by}); err != nil {
			return nil, fmt.Errorf("secret %s: %w", name, err)
		}
	}
	var err error
	if all[ownership(b.Name)], err = k.seal(ownership(b.Name), sealed{By: b.Owner}); err != nil {
		return nil, err
	}
	if form == nil {
		return all, nil // HCL may use any of them
	}
	stored, err := k.own(ctx, b.Name)
	for _, name := range stored {
		if _, given := all[name]; !given && !keeps(form, b.Name, name) {
			all[name] = nil
		}
	}
	return all, err
}

func keeps(f *form.Filled, connector, name string) bool {
	for _, argument := range f.Kept {
		if form.SecretName(connector, argument) == name {
			return true
		}
	}
	return false
}

// own returns the names of a connector's stored secrets.
func (k *Keeper) own(ctx context.Context, connector string) ([]string, error) {
	names, err := k.options.Store.Secrets(ctx)
	var list []string
	for _, name := range names {
		if strings.HasPrefix(name, connector+".") {
			list = append(list, name)
		}
	}
	return list, err
}

// Forget removes the secrets of a connector of which nothing is kept.
func (k *Keeper) Forget(ctx context.Context, connector string) error {
	names, err := k.own(ctx, connector)
	if err != nil || len(names) == 0 {
		return err
	}
	gone := make(map[string][]byte)
	for _, name := range names {
		gone[name] = nil
	}
	return k.options.Store.SaveSecrets(ctx, gone)
}
