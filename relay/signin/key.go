package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// keyVariable is the environment variable that may hold the key: 32 bytes in
// base64.
const keyVariable = "RELAY_KEY"

// keySize is that of AES-256, in bytes.
const keySize = 32

// Key is the key that encrypts tokens: the variable RELAY_KEY if it is set, else a
// file, which is created when first needed.
type Key struct{ File string }

// load returns the key. It creates a file only if create says so: a new key would not
// decrypt existing tokens.
func (k Key) load(create bool) ([]byte, error) {
	if text := os.Getenv(keyVariable); text != "" {
		return decodeKey(text, "the variable "+keyVariable)
	}
	b, err := os.ReadFile(k.File)
	switch {
	case err == nil:
		return decodeKey(string(b), "the key file "+k.File)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the key for tokens: %w", err)
	case !create:
		return nil, fmt.Errorf("the key for tokens is missing: neither %s nor the file %s exists; restore it, or sign in again", keyVariable, k.File)
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails; see crypto/rand
	f, err := os.OpenFile(k.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the key for tokens: %w", err)
	}
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(key))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make the key for tokens: %w", err)
	}
	return key, nil
}

// Derive returns a key of its own for another purpose.
func (k Key) Derive(purpose string) ([]byte, error) {
	key, err := k.load(true)
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, key, nil, purpose, keySize)
}

// decodeKey does not wrap the decoder's error, which would show part of the key.
func decodeKey(text, where string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%s does not hold %d bytes in base64, as `openssl rand -base64 %d` prints them", where, keySize, keySize)
	}
	return key, nil
}

// Seal encrypts a secret, bound to its name, so that it cannot be moved to another: a
// connector's name for the token of its sign-in, a dotted one for a secret that people
// gave.
func (k Key) Seal(name string, plain []byte) ([]byte, error) {
	aead, err := k.aead(true)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, []byte(name)), nil
}

// Open decrypts what Seal encrypted.
func (k Key) Open(name string, sealed []byte) ([]byte, error) {
	aead, err := k.aead(false)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errDamaged
	}
	nonce, rest := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, rest, []byte(name))
	if err != nil {
		return nil, errDamaged
	}
	return plain, nil
}

var errDamaged = errors.New("what is stored cannot be decrypted with this key; restore the key, or sign in or fill it in again")

func (k Key) aead(create bool) (cipher.AEAD, error) {
	key, err := k.load(create)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key for tokens: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key for tokens: %w", err)
	}
	return aead, nil
}
