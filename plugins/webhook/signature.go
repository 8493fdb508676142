package webhook

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/connector-relay/relay/relay/connector"
)

// The values of signature.
const (
	signatureStandard = "standard-webhooks"
	signatureHMAC     = "hmac-sha256"
)

// verified reports whether the request has the required signature, over the body as
// received.
func (h *Webhook) verified(r *connector.Request) bool {
	switch {
	case h.Secret == "":
		return true
	case h.Signature == signatureHMAC:
		return connector.Signed(sha256.New, h.Secret, r.Header.Values(h.SignatureHeader), r.Body)
	}
	// The library allows five minutes between the two clocks, takes any of several
	// signatures, and compares in constant time.
	key, err := standardKey(h.Secret)
	return err == nil && key.Verify(r.Body, r.Header) == nil
}

// leastKey is the shortest accepted Standard Webhooks key, in bytes. The standard says
// 24, but 16 cannot be guessed either; an empty one would let anybody sign.
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
