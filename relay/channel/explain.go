package channel

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// longestDetail is how much of what an endpoint says is kept, in bytes.
const longestDetail = 300

// explain says in one line what went wrong on the way to an endpoint. Host names
// and addresses may be seen; what else is in a URL is taken out afterwards.
func explain(err error, failure *transportError, timeout time.Duration) string {
	if failure != nil && failure.timedOut {
		if failure.written {
			return fmt.Sprintf("no answer within %s", timeout)
		}
		return fmt.Sprintf("could not be reached within %s", timeout)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the outer one prints the URL
	}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	cert, isCert := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case isDNS:
		return fmt.Sprintf("cannot find %s: %s", dns.Name, dns.Err)
	case isCert:
		return fmt.Sprintf("the certificate is not trusted: %s", cert.Err)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the endpoint reset the connection"
	case isOp && op.Op == "dial" && op.Addr != nil:
		return fmt.Sprintf("cannot connect to %s: %s", op.Addr, root(op.Err))
	case refusesCertificate(err):
		return fmt.Sprintf("the endpoint does not accept the client certificate: %s", root(op.Err))
	case isOp && op.Op == "proxyconnect":
		return fmt.Sprintf("cannot reach the proxy: %s", root(op.Err))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), closedIdle(err):
		return "the endpoint closed the connection without an answer"
	}
	return err.Error()
}

// root is the innermost error, which has the words and not the way to them.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// closedIdle reports whether the endpoint had closed a kept connection before the
// request was sent on it. The transport has no error value to compare with.
func closedIdle(err error) bool {
	return strings.Contains(err.Error(), "server closed idle connection")
}

// refusesCertificate reports whether the endpoint has ended the handshake over the
// client certificate, or for the lack of one: it has read nothing of the request
// then. The texts are those of RFC 8446's alerts in crypto/tls, whose type for them
// is not exported.
func refusesCertificate(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return false
	}
	switch strings.TrimPrefix(op.Err.Error(), "tls: ") {
	case "bad certificate", "unsupported certificate", "revoked certificate", "expired certificate", "unknown certificate",
		"unknown certificate authority", "certificate required":
		return true
	}
	return false
}

// oneLine makes text fit for a log line or a table: no line breaks, no control
// characters, no runs of space.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cf, r)
	}), " ")
}

// shorten cuts a line that is too long, between runes.
func shorten(line string) string {
	if len(line) <= longestDetail {
		return line
	}
	end := longestDetail
	for end > 0 && !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end] + "…"
}
