package answer

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/connector-relay/relay/relay/delivery"
)

// Claim is what an answer says about its own success, whoever wrote it.
type Claim int

// The claims.
const (
	Nothing Claim = iota
	Yes
	No
)

// Claims reads what a body says about success, in the words that people use in
// hand-written answers: a single word, or the usual members of a JSON object, such as
// JSend's (https://github.com/omniti-labs/jsend). A no outweighs a yes.
func (a Answer) Claims() Claim {
	text := strings.TrimSpace(string(a.Body))
	if !strings.HasPrefix(text, "{") {
		return claimOfWord(text)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil {
		return Nothing
	}
	found := Nothing
	for name, value := range members {
		switch claimOfMember(strings.ToLower(name), value) {
		case No:
			return No
		case Yes:
			found = Yes
		}
	}
	return found
}

func claimOfMember(name string, value json.RawMessage) Claim {
	var flag bool
	var text string
	var number float64
	isFlag, isText := json.Unmarshal(value, &flag) == nil, json.Unmarshal(value, &text) == nil
	isNumber := json.Unmarshal(value, &number) == nil
	isNull := bytes.Equal(value, []byte("null"))
	switch name {
	case "error", "errors", "err", "exception":
		empty := isNull || isFlag && !flag || isText && text == "" || isNumber && number == 0
		if empty || slices.Contains([]string{"{}", "[]"}, string(bytes.Join(bytes.Fields(value), nil))) {
			return Nothing
		}
		return No
	case "messageid", "messagelink": // what the action that posts a card gives
		if isText && text != "" {
			return Yes
		}
	case "ok", "success", "succeeded", "issuccess":
		switch {
		case isFlag && flag && !isNull:
			return Yes
		case isFlag && !isNull:
			return No
		}
		return claimOfWord(text)
	case "status", "result", "state", "statuscode":
		switch {
		case isNumber && number >= 400 && number <= 599:
			return No
		case isNumber && number >= 200 && number <= 299:
			return Yes
		}
		return claimOfWord(text)
	}
	return Nothing
}

// claimOfWord reads a single word.
func claimOfWord(text string) Claim {
	word := strings.ToLower(strings.Trim(text, " \t\r\n.!\""))
	switch word {
	case "1", "ok", "true", "success", "successful", "succeeded", "accepted", "posted", "sent", "delivered", "received", "done", "completed", "created":
		return Yes
	case "0", "error", "false", "fail", "failed", "failure", "denied", "rejected", "refused", "unauthorized", "forbidden", "cancelled", "timedout", "timeout":
		return No
	}
	for _, prefix := range []string{"error", "failed", "failure", "exception", "fatal"} {
		if rest, found := strings.CutPrefix(word, prefix); found && strings.IndexAny(rest, " :,;-\n") == 0 {
			return No
		}
	}
	return Nothing
}

// SaysNo is the verdict on an answer whose status claims success and whose body says no:
// it follows the status in the body, if there is one, and is otherwise a failure.
func (a Answer) SaysNo() Reading {
	var e struct {
		Status     json.RawMessage `json:"status"`
		StatusCode int             `json:"statusCode"`
	}
	a.Decode(&e)
	if e.StatusCode == 0 {
		_ = json.Unmarshal(e.Status, &e.StatusCode)
	}
	if e.StatusCode < 400 || e.StatusCode > 599 {
		return a.Because(delivery.VerdictFailed, "the answer says that it failed")
	}
	return a.As(e.StatusCode)
}

// HTML reports whether an answer calls itself a web page.
func (a Answer) HTML() bool {
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// Page reports whether a body is a web page, so that a sign-in, a portal or a proxy has
// answered in the endpoint's place, whatever the status. The body decides, as it does for
// a browser (https://mimesniff.spec.whatwg.org), because many frameworks call every
// answer HTML; an answer called HTML is a page unless it is plain words.
func (a Answer) Page() bool {
	body := bytes.TrimSpace(a.Body)
	if len(body) == 0 {
		return false
	}
	sniffed := http.DetectContentType(body)
	if strings.HasPrefix(sniffed, "text/html") {
		return true
	}
	lower := bytes.ToLower(body)
	for _, mark := range []string{"<html", "<body", "<script", "<!doctype html", "<meta "} {
		if bytes.Contains(lower, []byte(mark)) && (lower[0] == '<' || a.HTML()) {
			return true
		}
	}
	// This cannot be read, for example because of a compression that nobody asked for.
	return a.HTML() && (lower[0] == '<' || sniffed == "application/octet-stream")
}

// InUTF8 returns a body in UTF-8. It ignores the claimed charset when the bytes are already UTF-8.
func InUTF8(body []byte, contentType string) []byte {
	if utf8.Valid(body) && !bytes.Contains(body, []byte{0}) {
		return bytes.TrimPrefix(body, []byte("\uFEFF"))
	}
	encoding, _, _ := charset.DetermineEncoding(body, contentType)
	if decoded, err := encoding.NewDecoder().Bytes(body); err == nil {
		return bytes.TrimPrefix(decoded, []byte("\uFEFF"))
	}
	return body
}
