package dashboard

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
)

// carrier takes a secret from one post of a form to the next without showing it: the page
// holds it sealed. Only this process opens it, only for the same person and field.
type carrier struct{ aead cipher.AEAD }

func newCarrier() (carrier, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails; see crypto/rand
	block, err := aes.NewCipher(key)
	if err != nil {
		return carrier{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return carrier{aead}, err
}

func (c carrier) seal(person, field, secret string) string {
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, []byte(secret), carried(person, field)))
}

// open returns a secret, or nothing for what was sealed in an earlier life of the relay, by
// somebody else, or for another field.
func (c carrier) open(person, field, sealed string) string {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return ""
	}
	secret, err := c.aead.Open(nil, nil, b, carried(person, field))
	if err != nil {
		return ""
	}
	return string(secret)
}

func carried(person, field string) []byte { return []byte(person + "\x00" + field) }
