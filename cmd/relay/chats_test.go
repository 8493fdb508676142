package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/connector-relay/relay/relay/chat/chattest"
	"github.com/connector-relay/relay/relay/store"
)

// system is how one chat system behaves at its address.
type system struct {
	// format is how its payloads are judged.
	format string
	// method and target are where a card comes in; the target is a beginning.
	method, target string
	// throttle answers a card that comes too early, and good one that is taken.
	throttle, good func(http.ResponseWriter)
}

func say(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// answering are all chat systems, as they answer.
func answering() map[string]system {
	const wrapped = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0,server=X,cv=Y.."
	return map[string]system{
		"teams":      {"teams message", "POST", "/teams/", say(429, `{"statusCode":429,"message":"Rate limit is exceeded."}`, "Retry-After", "1"), say(202, "")},
		"office365":  {"office365", "POST", "/office365/", say(200, wrapped), say(200, "1")},
		"slack":      {"slack", "POST", "/slack/", say(429, "rate_limited", "Retry-After", "1"), say(200, "ok")},
		"mattermost": {"mattermost", "POST", "/mattermost/", say(429, "limit exceeded", "Retry-After", "1"), say(200, "ok")},
		"rocketchat": {
			"rocketchat", "POST", "/rocketchat/",
			say(429, `{"success":false,"error":"Error, too many requests. You must wait 1 seconds before trying this endpoint again. [error-too-many-requests]"}`), say(200, `{"success":true}`),
		},
		"discord":    {"discord", "POST", "/discord/?wait=true", say(429, `{"message":"You are being rate limited.","retry_after":0.3,"global":false}`), say(200, `{"id":"1"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset-After", "0.2")},
		"googlechat": {"googlechat", "POST", "/googlechat/", say(429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`), say(200, `{"name":"spaces/S/messages/M"}`)},
		"webex":      {"webex", "POST", "/webex/", say(429, "", "Retry-After", "1"), say(204, "")},
		"zulip":      {"zulip", "POST", "/zulip/api/v1/messages", say(429, `{"result":"error","code":"RATE_LIMIT_HIT","msg":"slow down","retry-after":0.3}`), say(200, `{"result":"success","msg":"","id":1}`)},
		"matrix":     {"matrix event", "PUT", "/matrix/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/card_", say(429, `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":300}`), say(200, `{"event_id":"$e"}`)},
		"hookshot":   {"matrix hookshot", "POST", "/hookshot/", say(429, ""), say(200, `{"ok":true}`)},
		"ntfy":       {"ntfy", "POST", "/ntfy/", say(429, `{"code":42901,"http":429,"error":"limit reached"}`), say(200, `{"id":"x","event":"message"}`)},
		"webhook":    {"webhook", "POST", "/webhook/", say(429, "", "Retry-After", "1"), say(204, "")},
	}
}

// chats is a place where all chat systems answer: each wants patience at first, and
// then takes what is right by its own rules.
type chats struct {
	*httptest.Server
	mu     sync.Mutex
	seen   map[string]int
	bodies map[string][]string
	faults []string
}

func newChats(t *testing.T) *chats { return chatsOf(t, answering()) }

// chatsOf is a place where these answer.
func chatsOf(t *testing.T, all map[string]system) *chats {
	c := &chats{seen: make(map[string]int), bodies: make(map[string][]string)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		s := all[name]
		body, err := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen[name]++
		if c.seen[name] == 1 && s.throttle != nil {
			s.throttle(w)
			return
		}
		if err == nil {
			err = chattest.Judge(s.format, body)
		}
		if err != nil || r.Method != s.method || !strings.HasPrefix(r.URL.RequestURI(), s.target) {
			c.faults = append(c.faults, fmt.Sprintf("%s: %s %s: %v", name, r.Method, r.URL.RequestURI(), err))
		}
		c.bodies[name] = append(c.bodies[name], string(body))
		s.good(w)
	}))
	t.Cleanup(c.Close)
	return c
}

// arrived returns what a chat system has taken.
func (c *chats) arrived(name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.bodies[name]...)
}

// blamed returns what was wrong since it was last asked.
func (c *chats) blamed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	faults := c.faults
	c.faults = nil
	return faults
}

// chatsConfig has a channel of every type.
func chatsConfig(url string) string {
	var b strings.Builder
	b.WriteString("relay { listen = \"127.0.0.1:0\" }\ndashboard { listen = \"127.0.0.1:0\" }\n")
	b.WriteString("people \"webhook\" {\n  login \"ada\" {\n    name  = \"Ada Lovelace\"\n    teams = \"ada@example.com\"\n    slack = \"U024BE7LH\"\n  }\n}\n")
	more := map[string]string{
		"zulip": "user = \"bot@example.com\"\n  token = \"canary-zulip\"\n  to = \"engineering\"", "ntfy": "token = \"canary-ntfy\"",
		"matrix": "payload = \"event\"\n  token = \"canary-matrix\"\n  to = \"!room:example.com\"",
	}
	var to []string
	for name := range answering() {
		typ, path := name, ""
		switch name {
		case "hookshot":
			typ = "matrix"
		case "ntfy":
			path = "canary-topic"
		}
		fmt.Fprintf(&b, "channel %q {\n  type = %q\n  url = \"%s/%s/%s\"\n  rate = \"1000/s\"\n  %s\n}\n", name, typ, url, name, path, more[name])
		to = append(to, "channel."+name)
	}
	fmt.Fprintf(&b, "connector \"webhook\" \"ci\" {\n  route { to = [%s] }\n}\n", strings.Join(to, ", "))
	return b.String()
}

// TestEveryChatSystemGetsItsCards: a Connector Card, an Adaptive Card and one in
// Slack's form reach all of them in order, each in the system's own form, although
// each throttles at first.
func TestEveryChatSystemGetsItsCards(t *testing.T) {
	c := newChats(t)
	p := startRelay(t, writeConfig(t, chatsConfig(c.URL)))
	adaptive := `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"Adaptive title","weight":"bolder"},{"type":"RichTextBlock","inlines":["Adaptive text"]}]}`
	for _, body := range []string{
		`{"@type":"MessageCard","@context":"https://schema.org/extensions","themeColor":"2DA44E","title":"Release *1.0*",` +
			`"text":"It is **out**, says [Ada](mention:ada): | and < and @everyone\n\n| a | b |\n|---|---|\n| 1 | 2 |",` +
			`"sections":[{"activityTitle":"Ada","activityImage":"https://example.com/a.png","facts":[{"name":"Tag","value":"v1.0"}],"images":[{"image":"https://example.com/i.png"}]}],` +
			`"potentialAction":[{"@type":"OpenUri","name":"Notes","targets":[{"os":"default","uri":"https://example.com/notes"}]},{"@type":"HttpPOST","name":"Approve","target":"https://example.com/approve"}]}`,
		adaptive,
		`{"text":"From *Slack*","attachments":[{"color":"#36a64f","title":"Slack title","text":"Slack text"}]}`,
	} {
		resp, err := http.Post(p.hook("ci"), "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatalf("the hook answers %s to %s", resp.Status, body)
		}
	}
	words := []string{"out", "Adaptive text", "Slack text"}
	for name := range answering() {
		p.eventually(name+" has its cards", func() bool { return len(c.arrived(name)) == len(words) })
		for i, body := range c.arrived(name) {
			if !strings.Contains(strings.ReplaceAll(body, "+", " "), words[i]) {
				t.Errorf("%s: card %d does not say %q: %s", name, i+1, words[i], body)
			}
		}
	}
	for _, fault := range c.faults {
		t.Error(fault)
	}
	if got := c.arrived("teams"); !strings.Contains(got[0], `"text":"<at>Ada Lovelace</at>"`) || !strings.Contains(got[1], `"content":`+adaptive) {
		t.Errorf("Teams got %q", got[:2])
	}
	if got := c.arrived("slack")[0]; !strings.Contains(got, `{"type":"user","user_id":"U024BE7LH"}`) || !strings.Contains(got, "Not possible here: Approve") {
		t.Errorf("Slack got %s", got)
	}
	var w struct {
		Sections []json.RawMessage `json:"sections"`
	}
	if err := json.Unmarshal([]byte(c.arrived("webhook")[0]), &w); err != nil || len(w.Sections) != 1 {
		t.Errorf("the in-house application got %s (%v)", c.arrived("webhook")[0], err)
	}
	p.eventually("all is delivered", func() bool {
		list, err := p.client.Deliveries(t.Context(), store.Filter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		for _, d := range list {
			if d.State == "delivered" || d.State == "accepted" {
				done++
			}
		}
		return done == 3*len(answering())
	})
}
