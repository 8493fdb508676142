package intake

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
)

// unpacker returns how to decompress a body, or nil if it is not compressed. It
// recognises gzip by the first bytes, because some senders do not declare it, and
// deflate by its header.
func unpacker(header string, body []byte) (open func(io.Reader) (io.Reader, error), known bool) {
	switch name := strings.ToLower(strings.TrimSpace(header)); {
	case bytes.HasPrefix(body, []byte("\x1f\x8b\x08")):
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }, true
	case name == "deflate" && len(body) > 1 && body[0]&0x0f == 8 && (int(body[0])<<8+int(body[1]))%31 == 0:
		return func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }, true
	case name == "deflate": // without zlib's header, as Microsoft's servers had it
		return func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil }, true
	case name == "", name == "identity", name == "gzip", name == "x-gzip":
		return nil, true
	}
	return nil, false
}

// unpack decompresses a body within the limit for plain ones. If it cannot, it answers
// the request.
func (x *exchange) unpack(body []byte, limit int64) (out []byte, release func(), ok bool) {
	open, known := unpacker(x.r.Header.Get("Content-Encoding"), body)
	x.r.Header.Del("Content-Encoding")
	switch {
	case !known:
		x.w.Header().Set("Accept-Encoding", "gzip, deflate")
		x.say(http.StatusUnsupportedMediaType, "The body's Content-Encoding is not supported; use gzip or deflate.\n")
		return nil, nil, false
	case open == nil:
		return body, func() {}, true
	}
	r, err := open(bytes.NewReader(body))
	if err != nil {
		x.refuse(err)
		return nil, nil, false
	}
	in, ok := x.intake.budget.open(r, limit)
	if !ok {
		x.busy()
		return nil, nil, false
	}
	out, err = io.ReadAll(io.LimitReader(in, limit+1))
	if int64(len(out)) > limit {
		err = &http.MaxBytesError{Limit: limit}
	}
	if err != nil {
		in.release()
		x.refuse(err)
		return nil, nil, false
	}
	return out, in.release, true
}
