package channel

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/delivery"
)

// renderTimeout is how long writing a card in a chat system's form may take.
const renderTimeout = 10 * time.Second

// Renderer writes cards for all channels, as many at once as there are processors: so
// the memory that it takes does not grow with the channels.
type Renderer struct {
	slots  chan struct{}
	guard  func(deliveries ...int64) (done func())
	parser markup.Parser
}

// NewRenderer returns a renderer. Guard is told which deliveries are being written,
// and when that is done; nil means that nobody wants to know.
func NewRenderer(guard func(deliveries ...int64) (done func())) *Renderer {
	if guard == nil {
		guard = func(...int64) func() { return func() {} }
	}
	return &Renderer{slots: make(chan struct{}, runtime.GOMAXPROCS(0)), guard: guard, parser: markup.NewParser()}
}

// write calls f, which reads and writes the cards of these deliveries. It fails with
// the context's error when that ends before f begins.
func (r *Renderer) write(ctx context.Context, list []delivery.Delivery, f func(context.Context)) error {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ids := make([]int64, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	defer r.guard(ids...)()
	ctx, cancel := context.WithTimeout(ctx, renderTimeout)
	defer cancel()
	f(ctx)
	return nil
}

// written is a delivery's card in the form of a chat system.
func (r *Renderer) written(ctx context.Context, f chat.Form, d delivery.Delivery, o chat.Options) (p chat.Payload, err error) {
	stopped := r.write(ctx, []delivery.Delivery{d}, func(ctx context.Context) {
		var c card.Card
		if c, err = card.Parse(d.Card); err != nil {
			err = fmt.Errorf("the stored card cannot be read: %w", err)
			return
		}
		o.Parser = r.parser
		if p, err = f.Render(ctx, c, o); err != nil {
			err = fmt.Errorf("the card cannot be written: %w", err)
		}
	})
	if stopped != nil {
		err = stopped
	}
	return p, err
}
