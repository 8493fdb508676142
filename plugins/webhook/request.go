package webhook

import (
	"bytes"
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
)

// The bounds of what is kept of a request beside its content.
const (
	mostNames    = 64       // headers, and parameters of the query
	longestValue = 1000     // characters of one
	mostRawBody  = 32 << 10 // bytes of a body that is kept raw, too
)

// withRequest describes the request in the member request of data, a JSON object,
// unless data has that member. It leaves out possible secrets.
func (h *Webhook) withRequest(data []byte, r *connector.Request) []byte {
	root := parseTree(data)
	if m, ok := root.v.(map[string]any); !ok || m["request"] != nil {
		return data
	}
	var raw any // null when it is too large
	if body := decode(r.Body, ""); len(body) <= mostRawBody {
		raw = string(body)
	}
	query, _ := url.ParseQuery(r.Query) // what can be read of it
	member := encode(map[string]any{
		"method": r.Method, "path": cmp.Or(r.Path, "/"), "query": h.visible(query, r), "headers": h.visible(r.Header, r), "body": raw,
	})
	end := bytes.LastIndexByte(data, '}')
	out := bytes.TrimRight(data[:end:end], " \t\r\n")
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	return slices.Concat(out, []byte(`"request":`), member, []byte("}"))
}

// visible returns headers or parameters, by lower-case names, without possible secrets.
func (h *Webhook) visible(values map[string][]string, r *connector.Request) map[string]string {
	token := r.HookURL[strings.LastIndexByte(r.HookURL, '/')+1:]
	shown := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := strings.Join(values[name], ", ")
		if len(shown) == mostNames || isSecret(name) || strings.EqualFold(name, h.SignatureHeader) || token != "" && strings.Contains(value, token) {
			continue
		}
		shown[strings.ToLower(strings.ToValidUTF8(name, "\ufffd"))] = card.Cut(strings.ToValidUTF8(value, "\ufffd"), longestValue)
	}
	return shown
}

// isSecret reports by name whether a header or parameter may hold a secret. A proxy's
// headers with the requested address hold the hook's token.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	if name == "idempotency-key" {
		return false
	}
	for _, word := range []string{
		"auth", "cert", "code", "cookie", "credential", "csrf", "jwt", "key", "pass", "pwd", "secret", "session", "sig", "token",
		"original", "referer", "rewrite", "uri", "url",
	} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
