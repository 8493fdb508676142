package channel

import (
	"errors"
	"net"
	"syscall"

	"github.com/connector-relay/relay/relay/delivery"
)

// hindered reports whether an attempt came to nothing because of the relay's own
// machine, which no endpoint is to blame for: it has run out of something, has no
// network, or no name server answers it. That a name does not exist is a name
// server's answer, and that a host does not answer may be the host's fault.
func hindered(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return !dns.IsNotFound
	}
	return exhausted(err) || isAny(err, syscall.ENETUNREACH, syscall.ENETDOWN)
}

// exhausted reports whether the machine has run out of something that fewer open
// connections may give back.
func exhausted(err error) bool {
	return isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.ENOSPC, syscall.EADDRNOTAVAIL)
}

func isAny(err error, numbers ...syscall.Errno) bool {
	for _, n := range numbers {
		if errors.Is(err, n) {
			return true
		}
	}
	return false
}

// refusedUnlessHindered is the verdict when a channel's settings cannot be read: they
// are for the operator to mend, unless the machine cannot open their files.
func refusedUnlessHindered(err error) delivery.Verdict {
	if hindered(err) {
		return delivery.VerdictHindered
	}
	return delivery.VerdictRefused
}

// relieve lets idle connections go when the machine has run out of something: they
// hold what the next attempt needs.
func (p poster) relieve(err error) {
	if t, ok := p.transport.(interface{ CloseIdleConnections() }); ok && exhausted(err) {
		t.CloseIdleConnections()
	}
}
