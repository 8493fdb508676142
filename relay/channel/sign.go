package channel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/connector-relay/relay/relay/delivery"
)

// sign adds the headers of Standard Webhooks. The id is the same for every
// attempt of a delivery, so that the far side can drop a repeat.
func (c *Channel) sign(req *http.Request, d delivery.Delivery, body []byte) error {
	if !c.typ.TakesSecret {
		return nil
	}
	id, now := d.Channel+"_"+d.Key, time.Now()
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	if c.spec.Secret.IsZero() {
		return nil
	}
	text, err := c.spec.Secret.Reveal()
	if err != nil {
		return err
	}
	w, err := standardwebhooks.NewWebhook(text)
	if err != nil {
		return fmt.Errorf("the secret of channel %s is not a Standard Webhooks secret (whsec_ and base64)", c.spec.Name)
	}
	signature, err := w.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign the request of channel %s: %w", c.spec.Name, err)
	}
	req.Header.Set("Webhook-Signature", signature)
	return nil
}
