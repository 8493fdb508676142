package listener

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// acceptAgain is how long after a failure that passes the next connection is accepted.
const acceptAgain = 100 * time.Millisecond

// handshake is the first byte of every TLS connection.
const handshake = 0x16

// branch is a listener that gets a part of the connections to another one.
type branch struct {
	net.Listener
	conns chan net.Conn
	ended <-chan struct{}
	err   *error
}

// split divides a listener's connections: into those that begin with TLS, and the others.
// Both end with it.
func split(n net.Listener) (secure, clear net.Listener) {
	ended, err := make(chan struct{}), error(nil)
	a := &branch{n, make(chan net.Conn), ended, &err}
	b := &branch{n, make(chan net.Conn), ended, &err}
	go func() {
		defer close(ended)
		for {
			var c net.Conn
			switch c, err = n.Accept(); {
			case err == nil:
				go a.sort(c, b)
			case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED):
				time.Sleep(acceptAgain)
			default:
				return
			}
		}
	}()
	return a, b
}

// sort hands a connection to the branch where it belongs, once it has said a byte.
func (b *branch) sort(c net.Conn, clear *branch) {
	first := make([]byte, 1)
	_ = c.SetReadDeadline(time.Now().Add(readHeaderTimeout))
	if _, err := c.Read(first); err != nil {
		c.Close()
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	if first[0] != handshake {
		b = clear
	}
	select {
	case b.conns <- &begun{Conn: c, first: first}:
	case <-b.ended:
		c.Close()
	}
}

// Accept implements [net.Listener].
func (b *branch) Accept() (net.Conn, error) {
	select {
	case c := <-b.conns:
		return c, nil
	case <-b.ended:
		return nil, *b.err
	}
}

// begun is a connection whose first byte has been read.
type begun struct {
	net.Conn
	first []byte
}

// Read implements [net.Conn].
func (c *begun) Read(b []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}
