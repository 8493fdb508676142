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

// verified reports whether the request is signed as it must be, over the body as
// it came.
func (h *Webhook) verified(r *connector.Request) bool {
	switch {
	case h.Secret == "":
		return true
	case h.Signature == signatureHMAC:
		return h.verifiedHMAC(r)
	}
	// The library allows five minutes between the two clocks, takes any of several
	// signatures, and compares in constant time.
	key := h.prepare().key
	return key != nil && key.Verify(r.Body, r.Header) == nil
}

// leastKey is the shortest Standard Webhooks key that is taken, in bytes. The
// standard says 24; 16 cannot be guessed either, and an empty one would make every
// request look signed.
const leastKey = 16

// standardKey reads a Standard Webhooks secret.
func standardKey(secret string) (*standardwebhooks.Webhook, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return nil, errors.New("the secret is not base64")
	}
	if len(key) < leastKey {
		return nil, errors.New("the secret is too short")
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// verifiedHMAC takes any of several signatures, separated by commas or blanks or
// in several headers, because a sender that changes its secret signs with both.
func (h *Webhook) verifiedHMAC(r *connector.Request) bool {
	mac := hmac.New(sha256.New, []byte(h.Secret))
	mac.Write(r.Body)
	want := mac.Sum(nil)
	for _, value := range r.Header.Values(h.SignatureHeader) {
		for _, s := range strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' }) {
			_, named, _ := strings.Cut(s, "=")
			if hmac.Equal(decodeSignature(s), want) || hmac.Equal(decodeSignature(named), want) {
				return true
			}
		}
	}
	return false
}

// decodeSignature tells hexadecimal and base64 apart by their lengths.
func decodeSignature(s string) []byte {
	var b []byte
	switch len(s) {
	case hex.EncodedLen(sha256.Size):
		b, _ = hex.DecodeString(s)
	case base64.StdEncoding.EncodedLen(sha256.Size):
		b, _ = base64.StdEncoding.DecodeString(s)
	}
	return b
}

// isHeaderName reports whether a text can name a header (RFC 9110, token).
func isHeaderName(s string) bool {
	for _, c := range []byte(s) {
		alphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
