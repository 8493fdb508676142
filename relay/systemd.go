package relay

import (
	"github.com/coreos/go-systemd/v22/daemon"
)

// systemd tells the service manager how the relay stands, in the protocol of
// Type=notify-reload. Without a service manager it does nothing.
type systemd struct{}

func (systemd) ready()    { notifyManager(daemon.SdNotifyReady) }
func (systemd) stopping() { notifyManager(daemon.SdNotifyStopping) }

// reloading must carry the time, so that the manager can order what it hears.
func (systemd) reloading() {
	notifyManager(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

// notifyManager ignores failure: the relay's work does not depend on being heard.
func notifyManager(state string) { _, _ = daemon.SdNotify(false, state) }
