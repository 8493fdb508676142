package channel

import (
	"context"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/delivery"
)

// Gather makes one attempt to bring several deliveries, in their order, as one
// digest. It takes as many of the first as the chat system has room for without
// leaving anything out, and says how many it carried; a single one it sends as it
// is. The context and the outcome are as for Send.
func (c *Channel) Gather(ctx context.Context, list []delivery.Delivery) (o delivery.Outcome, carried int) {
	if len(list) < 2 || !c.spec.System.Posts() {
		return c.Send(ctx, list[0]), 1
	}
	e, err := c.reveal()
	if err != nil {
		return delivery.Outcome{Verdict: refusedUnlessHindered(err), Detail: shorten(err.Error())}, len(list)
	}
	var p chat.Payload
	if err := c.renderer.write(ctx, list, func(ctx context.Context) { p, carried = c.fitting(ctx, e, readable(list)) }); err != nil {
		return stopping(), 1
	}
	if carried < 2 {
		return c.Send(ctx, list[0]), 1
	}
	return c.try(ctx, e, together(list[:carried]), p).Outcome, carried
}

// fitting writes a digest of as many of the first entries as fit as a whole, and says
// of how many.
func (c *Channel) fitting(ctx context.Context, e *endpoint, entries []chat.Entry) (chat.Payload, int) {
	for n := len(entries); n > 1; n /= 2 {
		// It mentions nobody: that would call people once more for what is long past, and
		// each connector has logins of its own.
		p, err := c.form.Render(ctx, chat.Digest(entries[:n]...), chat.Options{Settings: e.settings, Parser: c.renderer.parser})
		if err == nil && len(p.Omitted) == 0 {
			return p, n
		}
	}
	return chat.Payload{}, 1
}

// readable returns the cards of the deliveries, up to the first that cannot be read:
// that one is sent alone, when it leads, and found out.
func readable(list []delivery.Delivery) []chat.Entry {
	var entries []chat.Entry
	for _, d := range list {
		parsed, err := card.Parse(d.Card)
		if err != nil {
			break
		}
		entries = append(entries, chat.NewEntry(parsed, d.Connector))
	}
	return entries
}

// together is the delivery that a digest goes out as. Its key is all the keys: a
// receiver that drops what it has seen must not take a digest for another that only
// begins with the same card. It belongs to no thread.
func together(list []delivery.Delivery) delivery.Delivery {
	d := list[0]
	var keys []string
	for _, member := range list {
		keys = append(keys, deliveryID(member))
	}
	d.Key, d.Thread = strings.Join(keys, " "), ""
	return d
}
