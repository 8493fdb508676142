package relay

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Run runs a relay as a process until the context ends, then stops it gracefully: what
// is in flight may end within relay.drain_timeout. SIGHUP makes it reload. The log goes
// on without the lines that nobody reads.
func Run(ctx context.Context, o Options) error {
	// Listening for SIGHUP starts first, so that a reload that is asked for during the
	// start comes after it.
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	// When the reader of the log or of a connection is gone, a write fails; the relay
	// does not end.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	r, err := Start(ctx, o)
	if err != nil {
		return err
	}
	tellManager(daemon.SdNotifyReady)
	if o.Ready != nil {
		if s, err := r.desk.Status(ctx); err == nil {
			o.Ready(s)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return r.Stop()
		case <-hup:
			if _, err := r.Reload(ctx); err != nil {
				r.log.Error().Err(err).Msg("reload failed; the configuration that ran goes on")
			}
		case err := <-r.listeners.Failed():
			return errors.Join(err, r.Stop())
		}
	}
}

// tellManager tells the service manager, if there is one, how the relay stands, in the
// protocol of Type=notify-reload. It ignores failure: the relay's work does not depend
// on being heard.
func tellManager(state string) { _, _ = daemon.SdNotify(false, state) }
