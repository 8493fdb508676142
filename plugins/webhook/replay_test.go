package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"
)

// TestASignedBodyCountsOnceInItsWindow: whoever sends a signed request again cannot
// make another card of it by calling it another name.
func TestASignedBodyCountsOnceInItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &Webhook{Secret: "secret", Signature: signatureHMAC, SignatureHeader: "X-Signature"}
		send := func(body string, headers ...string) string {
			t.Helper()
			mac := hmac.New(sha256.New, []byte(h.Secret))
			mac.Write([]byte(body))
			reply := receive(t, h, post(body, append(headers, "X-Signature", hex.EncodeToString(mac.Sum(nil)))...))
			if reply.Status != 200 || len(reply.Events) != 1 || reply.Events[0].Key == "" {
				t.Fatalf("answered %d with %d events", reply.Status, len(reply.Events))
			}
			return reply.Events[0].Key
		}
		const body, other = `{"text": "Hello"}`, `{"text": "Hello!"}`
		first := send(body, "Idempotency-Key", "1")
		if send(body) != first || send(body, "Idempotency-Key", "2") != first || send(body, "Webhook-Id", "3") != first {
			t.Error("a replay is another event")
		}
		if send(other, "Idempotency-Key", "1") == first {
			t.Error("another body is the same event")
		}
		time.Sleep(replayWindow - time.Second)
		if send(body) != first {
			t.Error("late in the window, a replay is another event")
		}
		time.Sleep(2 * time.Second)
		if send(body) == first {
			t.Error("the same alarm an hour later is no event of its own")
		}
		time.Sleep(3 * replayWindow)
		if send(body, "Idempotency-Key", "1") != first {
			t.Error("a sender's own repetition, by its name, is another event")
		}
		if len(h.replays.now)+len(h.replays.before) > 3 {
			t.Errorf("%d bodies are remembered", len(h.replays.now)+len(h.replays.before))
		}
	})
}
