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

// unpacker says how a body was packed: by its looks for gzip, which some senders do not
// announce, and by its header else. It is nil when the body is as it was made.
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

// unpack takes a body apart that was packed, within the limit for one that was not. If
// it cannot, the request has been answered.
func (x *exchange) unpack(body []byte, limit int64) (out []byte, leave func(), ok bool) {
	open, known := unpacker(x.r.Header.Get("Content-Encoding"), body)
	x.r.Header.Del("Content-Encoding")
	switch {
	case !known:
		x.w.Header().Set("Accept-Encoding", "gzip, deflate")
		x.say(http.StatusUnsupportedMediaType, "The body is packed in a way that is not known here; use gzip or deflate.\n")
		return nil, nil, false
	case open == nil:
		return body, func() {}, true
	}
	r, err := open(bytes.NewReader(body))
	if err != nil {
		x.refuse(err)
		return nil, nil, false
	}
	in, ok := x.source.intake.room.enter(r, limit)
	if !ok {
		x.unavailable("Too many requests are under way; try again soon.\n", retrySoon)
		return nil, nil, false
	}
	out, err = io.ReadAll(io.LimitReader(in, limit+1))
	if int64(len(out)) > limit {
		err = &http.MaxBytesError{Limit: limit}
	}
	if err != nil {
		in.leave()
		x.refuse(err)
		return nil, nil, false
	}
	return out, in.leave, true
}
