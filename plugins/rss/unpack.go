package rss

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
)

// maxPacked bounds how often a body may be compressed: some servers compress compressed
// files.
const maxPacked = 3

// unpack decompresses a body. The bytes count for more than the header: servers
// compress without being asked and without declaring it, and declare what they have not
// compressed. The caller bounds what it reads.
func unpack(body io.Reader, contentEncoding string) (io.Reader, error) {
	packed := strings.FieldsFunc(strings.ToLower(contentEncoding), func(r rune) bool { return r == ',' || r == ' ' })
	for range maxPacked {
		said := ""
		if len(packed) > 0 {
			said, packed = packed[len(packed)-1], packed[:len(packed)-1]
		}
		in := bufio.NewReader(body)
		head, _ := in.Peek(64) // a short body is fine, and an error comes again
		body = in
		var err error
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b")):
			body, err = gzip.NewReader(in)
		case isZlib(head):
			body, err = zlib.NewReader(in)
		case isText(head):
			return body, nil
		case said == "deflate":
			body = flate.NewReader(in)
		case said == "br":
			body = brotli.NewReader(in)
		case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
			return nil, fmt.Errorf("the server compresses the feed with zstd, which it was not asked for")
		default:
			return body, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the server's answer cannot be decompressed: %w", err)
		}
	}
	return body, nil
}

// isZlib reports whether a body starts with a zlib header (RFC 1950, 2.2).
func isZlib(head []byte) bool {
	return len(head) > 2 && head[0]&0x0f == 8 && head[0]>>4 <= 7 && (int(head[0])<<8+int(head[1]))%31 == 0 && head[1]&0x20 == 0
}

// isText reports whether a body starts like a feed, after marks and blanks. Compressed
// data hardly ever does.
func isText(head []byte) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		head = bytes.TrimPrefix(head, []byte(mark))
	}
	start := bytes.TrimLeft(head, "\x00 \t\r\n")
	return len(start) == 0 || start[0] == '<' || start[0] == '{' || start[0] == '['
}
