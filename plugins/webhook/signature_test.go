package webhook

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// The vector of the Standard Webhooks libraries.
const (
	vectorKey       = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestStandardWebhooksSignatures(t *testing.T) {
	tests := []struct {
		name, id, stamp, signature, body string
		late                             time.Duration
		want                             int
	}{
		{name: "the vector", want: 200},
		{name: "four minutes late", late: 4 * time.Minute, want: 200},
		{name: "six minutes late", late: 6 * time.Minute, want: 401},
		{name: "six minutes early", late: -6 * time.Minute, want: 401},
		{name: "another body", body: `{"test": 2432232315}`, want: 401},
		{name: "a body with another space", body: vectorBody + " ", want: 401},
		{name: "another id", id: "msg_2", want: 401},
		{name: "another time", stamp: "1614265331", want: 401},
		{name: "no time at all", stamp: "yesterday", want: 401},
		{name: "one of several signatures", signature: "v1,AAAA v1a,BBBB " + vectorSignature, want: 200},
		{name: "a signature of another version", signature: "v2," + vectorSignature[3:], want: 401},
		{name: "rubbish", signature: "v1,", want: 401},
		{name: "no signature", signature: " ", want: 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Unix(vectorTime, 0).Add(test.late)))
				h := &Webhook{Accept: acceptJSON, Secret: "whsec_" + vectorKey, Signature: signatureStandard}
				reply := receive(t, h, post(cmp.Or(test.body, vectorBody), "Webhook-Id", cmp.Or(test.id, vectorID),
					"Webhook-Timestamp", cmp.Or(test.stamp, strconv.Itoa(vectorTime)), "Webhook-Signature", cmp.Or(test.signature, vectorSignature)))
				if reply.Status != test.want {
					t.Fatalf("answered %d %q", reply.Status, reply.Body)
				}
				if test.want == 401 && (string(reply.Body) != "The request lacks the signature that this webhook requires." || len(reply.Events) > 0) {
					t.Errorf("answered %q with %d events", reply.Body, len(reply.Events))
				}
			})
		})
	}
}

func TestHMACSignatures(t *testing.T) {
	const secret, body = "It's a Secret to Everybody", `{"text": "Hello"}`
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	hexed, based := hex.EncodeToString(mac.Sum(nil)), base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, test := range []struct {
		name, signature, body string
		want                  int
	}{
		{"as GitHub writes it", "sha256=" + hexed, body, 200},
		{"bare, as Gitea writes it", hexed, body, 200},
		{"as PagerDuty writes several", "v1=00,v1=" + hexed, body, 200},
		{"in base64", based, body, 200},
		{"in base64 with a name", "sha256=" + based, body, 200},
		{"of another body", "sha256=" + hexed, body + " ", 401},
		{"cut short", "sha256=" + hexed[:62], body, 401},
		{"empty", "sha256=", body, 401},
		{"missing", "", body, 401},
	} {
		h := &Webhook{Secret: secret, Signature: signatureHMAC, SignatureHeader: "X-Hub-Signature-256"}
		if reply := receive(t, h, post(test.body, "X-Hub-Signature-256", test.signature)); reply.Status != test.want {
			t.Errorf("a signature %s was answered with %d", test.name, reply.Status)
		}
	}
}

func TestGitHubsVector(t *testing.T) {
	h := &Webhook{Secret: "It's a Secret to Everybody", Signature: signatureHMAC, SignatureHeader: "X-Hub-Signature-256"}
	r := post("Hello, World!", "X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	if !h.verified(r) {
		t.Error("the signature of GitHub's documentation is refused")
	}
}
