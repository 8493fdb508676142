package desk

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// Payload implements [operator.Relay].
func (d *Desk) Payload(ctx context.Context, id int64) (operator.Payload, error) {
	s, _, err := d.options.Store.Delivery(ctx, id)
	if err != nil {
		return operator.Payload{}, meaning(err)
	}
	if d.options.Daemon.Running().Channels[s.Channel] == "" {
		return operator.Payload{}, fmt.Errorf("%w: channel %s is not in the configuration, so nobody knows how its cards are written", operator.ErrInvalid, s.Channel)
	}
	p, size, err := d.options.Daemon.Write(ctx, s.Delivery)
	if err != nil {
		return operator.Payload{}, fmt.Errorf("delivery %d: %w", id, err)
	}
	return operator.Payload{
		ContentType: p.ContentType, Body: string(p.Body), Bytes: size, Omitted: append([]string{}, p.Omitted...), Note: compared(s, size),
	}, nil
}

// compared says how a payload may differ from what was sent.
func compared(s store.Summary, size int) string {
	const now = "as it would be sent now"
	switch last := s.Last; {
	case last == nil || last.Bytes == 0:
		return now
	case last.Gathered > 0:
		return fmt.Sprintf("%s, alone; the last attempt carried it in a digest of %d cards", now, last.Gathered)
	case last.Bytes != size:
		return fmt.Sprintf("%s, with %d bytes; the last attempt sent %d, because the channel or the relay wrote it differently then, or made it smaller", now, size, last.Bytes)
	}
	return now + ", which is as large as what the last attempt sent"
}
