package answer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SaysTooLarge reports whether an answer complains about the card's size.
func (a Answer) SaysTooLarge() bool {
	text := strings.ToLower(string(a.Body))
	for _, words := range []string{
		"too large", "too big", "too long", "longer than", "sizeexceeded", "size exceeded", "size limit", "exceeds the maximum", "exceeded the maximum",
		"maximum size", "maximum length", "length limited", "fewer in length", "entitytoolarge",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// longestWait bounds what an endpoint can ask for; the lane has an even lower bound.
const longestWait = 365 * 24 * time.Hour

// retryAfter returns how long the endpoint asks to wait: seconds or a date (RFC 9110,
// section 10.2.3); 0 when it does not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(0, date.Sub(now)), longestWait)
	}
	return 0
}

// words returns what a body says to a person: the usual fields of a JSON error, the title
// of a page, or else the text.
func (a Answer) words() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(a.Body), "\uFFFD"))
	switch {
	case strings.HasPrefix(text, "{"):
		if words := errorWords(a.Body, deepestError); words != "" {
			return words
		}
	case strings.HasPrefix(text, "<"):
		return title(text)
	}
	return text
}

// deepestError is how deeply errors may be nested; each level is parsed separately.
const deepestError = 3

// errorWords finds the sentence in a JSON error: at the top, or under "error", as
// Logic Apps and most web frameworks have it.
func errorWords(body []byte, depth int) string {
	var fields map[string]json.RawMessage
	if depth == 0 || json.Unmarshal(body, &fields) != nil {
		return ""
	}
	if inner := fields["error"]; len(inner) > 0 && inner[0] == '{' {
		if words := errorWords(inner, depth-1); words != "" {
			return words
		}
	}
	var list []string
	for _, name := range []string{"code", "errcode", "title", "error", "message", "msg", "detail", "description"} {
		var value string
		if json.Unmarshal(fields[name], &value) == nil && value != "" {
			list = append(list, value)
		}
	}
	return strings.Join(list, ": ")
}

// title returns a page's title; the rest of a page does not fit one line.
func title(page string) string {
	lower := strings.ToLower(page)
	start := strings.Index(lower, "<title")
	if start < 0 || len(lower) != len(page) {
		return "a web page"
	}
	_, rest, ok := strings.Cut(page[start:], ">")
	if !ok {
		return "a web page"
	}
	text, _, ok := strings.Cut(rest, "<")
	if text = strings.TrimSpace(text); !ok || text == "" {
		return "a web page"
	}
	return fmt.Sprintf("a web page titled %q", text)
}
