package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/connector-relay/relay/relay/connector/wire"
)

var (
	errPollOver    = errors.New("the poll is over")
	errNotAnswered = errors.New("the relay did not store the batch; end the poll")
)

// emitter hands over a poll's batches one at a time, and waits for each until the host
// says that it is stored.
type emitter struct {
	stream  wire.Connector_PollServer
	answers chan struct{}
	// ended is closed when the host is done with the stream.
	ended chan struct{}

	mu  sync.Mutex
	err error // why nothing more can be emitted
}

func newEmitter(stream wire.Connector_PollServer) *emitter {
	e := &emitter{stream: stream, answers: make(chan struct{}), ended: make(chan struct{})}
	go e.listen()
	return e
}

// listen ends with the stream, and so at the latest when the call returns.
func (e *emitter) listen() {
	defer close(e.ended)
	for {
		w, err := e.stream.Recv()
		if err != nil || w.GetCommitted() == nil {
			return
		}
		select {
		case e.answers <- struct{}{}:
		case <-e.stream.Context().Done():
			return
		}
	}
}

func (e *emitter) emit(ctx context.Context, b *wire.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = e.send(ctx, b)
	}
	return e.err
}

func (e *emitter) send(ctx context.Context, b *wire.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	response := &wire.PollResponse{Message: &wire.PollResponse_Batch{Batch: b}}
	if size := proto.Size(response); size > wire.MaxMessage {
		return fmt.Errorf("the batch of %d events has %d MiB; at most %d are allowed, so emit smaller ones", len(b.GetEvents()), size>>20, wire.MaxMessage>>20)
	}
	if err := e.stream.Send(response); err != nil {
		return errNotAnswered
	}
	select {
	case <-e.answers:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.ended:
		return errNotAnswered
	}
}

// close makes sure that a goroutine which outlives its poll sends nothing more.
func (e *emitter) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = errPollOver
	}
}

// valid makes a text valid for a protobuf string.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
