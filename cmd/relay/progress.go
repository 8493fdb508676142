package main

import (
	"fmt"
	"strings"

	"github.com/connector-relay/relay/relay/state"
)

// progress shows how far a long operation has come, and only on a terminal.
func (a *app) progress(what string) state.Progress {
	if !isTerminal(a.err) {
		return nil
	}
	const width = 30
	out := unwrap(a.err) // this text is the relay's own
	return func(done, all int64) {
		part := 1.0
		if all > 0 {
			part = float64(done) / float64(all)
		}
		filled := int(part * width)
		fmt.Fprintf(out, "\r%s [%s%s] %3.0f%% of %s ", what, strings.Repeat("#", filled), strings.Repeat("-", width-filled), part*100, megabytes(all))
		if done >= all {
			fmt.Fprintln(out)
		}
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
