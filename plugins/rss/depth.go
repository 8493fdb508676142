package rss

import "bytes"

// maxDepth is how deep elements may be nested. Real feeds need about ten levels;
// the parser recurses, and a hostile feed of a million levels would cost the
// process its stack, and with it all other feeds.
const maxDepth = 500

// tooDeep reports whether the elements of an XML document are nested too deep. It
// only counts tags; whether they match is for the parser to say.
func tooDeep(b []byte) bool {
	b = bytes.ReplaceAll(b, []byte{0}, nil) // UTF-16, as far as it matters here
	depth := 0
	for {
		at := bytes.IndexByte(b, '<')
		if at < 0 || at+1 == len(b) {
			return false
		}
		b = b[at+1:]
		switch {
		case bytes.HasPrefix(b, []byte("![CDATA[")):
			b = after(b, "]]>")
		case bytes.HasPrefix(b, []byte("!--")):
			b = after(b, "-->")
		case b[0] == '!' || b[0] == '?':
		case b[0] == '/':
			depth = max(depth-1, 0)
		default:
			if end := bytes.IndexByte(b, '>'); end > 0 && b[end-1] == '/' {
				continue
			}
			if depth++; depth > maxDepth {
				return true
			}
		}
	}
}

// after returns what follows the first end mark, nothing when there is none.
func after(b []byte, end string) []byte {
	_, rest, _ := bytes.Cut(b, []byte(end))
	return rest
}
