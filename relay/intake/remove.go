package intake

import (
	"context"
	"sync"
	"time"
)

// removeWithin bounds how long the sources of removed connectors may take.
const removeWithin = 10 * time.Second

// Retire stops the connectors that are not among these any more, by no name, and has each undo
// what it has set up at its source, such as a webhook. It is called before the
// plugins that only they need are gone; [Intake.Apply] does the rest. What a source
// does not let be undone is logged, and nothing waits for it.
func (i *Intake) Retire(ctx context.Context, stay []Spec) {
	i.applying.Lock()
	defer i.applying.Unlock()
	names := make(map[string]bool)
	for _, c := range stay {
		names[c.Source.Connector] = true
		for _, was := range c.Was {
			names[was] = true
		}
	}
	var gone []*source
	for name, s := range i.all() {
		if !names[name] {
			gone = append(gone, s)
		}
	}
	stop(gone)
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	var all sync.WaitGroup
	for _, s := range gone {
		if s.down == nil {
			all.Go(func() { s.remove(ctx) })
		}
	}
	all.Wait()
}

// remove has the plugin undo what it has set up.
func (s *source) remove(ctx context.Context) {
	src, err := s.sourceNow(ctx)
	if err == nil {
		err = s.intake.options.Plugins.Remove(ctx, src, s.checkpoint)
	}
	if err != nil {
		s.log.Warn().Err(err).Msg("what the connector has set up at its source could not be undone")
	}
}
