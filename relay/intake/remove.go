package intake

import (
	"context"
	"sync"
	"time"
)

// removeWithin bounds the calls that undo what removed connectors have set up.
const removeWithin = 10 * time.Second

// Retire stops the connectors that are not among these, under present or former names,
// and has each undo what it set up at its source, such as a webhook. Call it while
// their plugins still run; [Intake.Apply] does the rest. What cannot be undone is
// logged.
func (i *Intake) Retire(ctx context.Context, stay []Spec) {
	i.applying.Lock()
	defer i.applying.Unlock()
	names := make(map[string]bool)
	for _, c := range stay {
		names[c.Call.Connector] = true
		for _, was := range c.Was {
			names[was] = true
		}
	}
	var gone []*runner
	for name, r := range i.all() {
		if !names[name] {
			gone = append(gone, r)
		}
	}
	stop(gone)
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	var all sync.WaitGroup
	for _, r := range gone {
		if r.down == nil {
			all.Go(func() { r.remove(ctx) })
		}
	}
	all.Wait()
}

// remove has the plugin undo what it set up.
func (r *runner) remove(ctx context.Context) {
	src, err := r.callNow(ctx)
	if err == nil {
		err = r.intake.options.Plugins.Remove(ctx, src, r.checkpoint)
	}
	if err != nil {
		r.log.Warn().Err(err).Msg("could not undo what the connector has set up at its source")
	}
}
