package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/connector-relay/relay/relay/connector"
)

// What signature can say.
const (
	signatureStandard = "standard-webhooks"
	signatureHMAC     = "hmac-sha256"
)

// errSignature tells a sender no more than that: why a signature is wrong helps
// only those who guess.
var errSignature = errors.New("the request is not signed as it must be")

// verify checks the signature over the body as it came.
func (h *Webhook) verify(r *connector.Request) error {
	if h.Secret == "" {
		return nil
	}
	if h.Signature == signatureHMAC {
		return h.verifyHMAC(r)
	}
	w, err := standardKey(h.Secret)
	if err != nil {
		return errSignature
	}
	if err := w.Verify(r.Body, r.Header); err != nil {
		return errSignature
	}
	return nil
}

// standardKey reads a Standard Webhooks secret.
func standardKey(secret string) (*standardwebhooks.Webhook, error) {
	return standardwebhooks.NewWebhook(secret)
}

// verifyHMAC accepts any of several signatures, separated by commas or spaces,
// because a sender that rotates its secret signs with both.
func (h *Webhook) verifyHMAC(r *connector.Request) error {
	mac := hmac.New(sha256.New, []byte(h.Secret))
	mac.Write(r.Body)
	want := mac.Sum(nil)
	for _, value := range r.Header.Values(h.SignatureHeader) {
		for _, s := range strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' }) {
			if hmac.Equal(decodeSignature(strings.TrimPrefix(s, "sha256=")), want) {
				return nil
			}
		}
	}
	return errSignature
}

func decodeSignature(s string) []byte {
	if b, err := hex.DecodeString(s); err == nil {
		return b
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b
	}
	return nil
}
