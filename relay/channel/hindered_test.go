package channel

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/slack"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/secret"
)

// failing is a transport that fails as a machine does, before anything is sent.
func failing(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: err}
}

func TestFaultsOfTheRelaysOwnMachineAreNotTheEndpoints(t *testing.T) {
	syscallError := func(n syscall.Errno) error { return failing(os.NewSyscallError("socket", n)) }
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"no descriptors":            {syscallError(syscall.EMFILE), true},
		"none in the whole system":  {syscallError(syscall.ENFILE), true},
		"no memory":                 {syscallError(syscall.ENOMEM), true},
		"no buffers":                {syscallError(syscall.ENOBUFS), true},
		"no ports":                  {syscallError(syscall.EADDRNOTAVAIL), true},
		"no network":                {syscallError(syscall.ENETUNREACH), true},
		"a file cannot be opened":   {&fs.PathError{Op: "open", Path: "url", Err: syscall.EMFILE}, true},
		"no name server answers":    {failing(&net.DNSError{Err: "i/o timeout", Name: "chat.example", IsTimeout: true}), true},
		"a name server in trouble":  {failing(&net.DNSError{Err: "server misbehaving", Name: "chat.example", IsTemporary: true}), true},
		"no name server is running": {failing(&net.DNSError{Err: "dial udp 127.0.0.1:53: connect: connection refused", Name: "chat.example"}), true},
		"no such name":              {failing(&net.DNSError{Err: "no such host", Name: "chat.example", IsNotFound: true}), false},
		"connection refused":        {syscallError(syscall.ECONNREFUSED), false},
		"connection reset":          {syscallError(syscall.ECONNRESET), false},
		"the host does not answer":  {syscallError(syscall.EHOSTUNREACH), false},
		"a missing file":            {&fs.PathError{Op: "open", Path: "url", Err: syscall.ENOENT}, false},
		"anything else":             {errors.New("tls: handshake failure"), false},
	} {
		if got := hindered(tt.err); got != tt.want {
			t.Errorf("%s: hindered is %t", name, got)
		}
	}
}

// TestAChannelWhoseFileIsMissingIsRefused: that is for a person to mend.
func TestAChannelWhoseFileIsMissingIsRefused(t *testing.T) {
	c, err := New(Spec{Name: "x", System: slack.System(), Settings: chat.Settings{"url": secret.FromFile(filepath.Join(t.TempDir(), "none"))}})
	if err != nil {
		t.Fatal(err)
	}
	if o := c.Send(t.Context(), delivery.Delivery{Card: []byte(`{"text":"x"}`)}); o.Verdict != delivery.VerdictRefused {
		t.Errorf("the verdict is %s: %s", o.Verdict, o.Detail)
	}
}
