package connector

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"net/http"
	"strings"

	"github.com/connector-relay/relay/relay/event"
)

// Say is an answer of one sentence, as plain text.
func Say(status int, sentence string) Reply {
	return Reply{Status: status, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(sentence + "\n")}
}

// Accepted is the answer to a request that reports an event, which is posted if people want it.
func Accepted(e event.Event, wanted bool) Reply {
	if !wanted {
		return Say(http.StatusOK, "Nothing to post.")
	}
	reply := Say(http.StatusOK, "Accepted.")
	reply.Events = []event.Event{e}
	return reply
}

// Signed reports whether one of the signatures in a request's headers is the HMAC of the
// given parts, usually the body alone. A signature is hexadecimal or base64, with or
// without a name such as sha256= before it. A header may hold several, separated by
// commas or spaces, because a sender that changes its secret signs with both. With an
// empty secret, nothing counts as signed.
func Signed(function func() hash.Hash, secret string, headers []string, parts ...[]byte) bool {
	mac := hmac.New(function, []byte(secret))
	for _, part := range parts {
		mac.Write(part)
	}
	want := mac.Sum(nil)
	for _, header := range headers {
		for _, s := range strings.FieldsFunc(header, func(c rune) bool { return c == ',' || c == ' ' }) {
			_, named, _ := strings.Cut(s, "=")
			if secret != "" && (hmac.Equal(signature(s, mac.Size()), want) || hmac.Equal(signature(named, mac.Size()), want)) {
				return true
			}
		}
	}
	return false
}

// signature tells hexadecimal and base64 apart by their lengths.
func signature(s string, size int) []byte {
	var b []byte
	switch len(s) {
	case hex.EncodedLen(size):
		b, _ = hex.DecodeString(s)
	case base64.StdEncoding.EncodedLen(size):
		b, _ = base64.StdEncoding.DecodeString(s)
	}
	return b
}

// ParseJSON reads as much of the JSON as it can: it leaves out a part of the wrong type
// and keeps the rest. It reports false when there is no JSON at all. Services change what
// they send without notice, and an incomplete card is better than none.
func ParseJSON(raw []byte, into any) bool {
	err := json.Unmarshal(raw, into)
	_, wrongType := errors.AsType[*json.UnmarshalTypeError](err)
	return err == nil || wrongType
}
