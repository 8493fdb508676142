package channel

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/delivery"
)

// TestEachTypeMakesItsOwnRequest: where a card goes, as whom, and what stands in it.
func TestEachTypeMakesItsOwnRequest(t *testing.T) {
	tests := []struct {
		name   string
		set    settings
		path   string
		method string
		target string
		auth   string
		body   string
	}{
		{"slack", settings{}, "/services/T/B/X", "POST", "/services/T/B/X", "", `"text":"*Hello*"`},
		{"mattermost", settings{}, "/hooks/abc", "POST", "/hooks/abc", "", `"title":"Hello"`},
		{"rocketchat", settings{}, "/hooks/a/b", "POST", "/hooks/a/b", "", `"title":"Hello"`},
		{"discord", settings{}, "/api/webhooks/1/x", "POST", "/api/webhooks/1/x?wait=true", "", `"embeds":[{"title":"Hello"`},
		{"discord", settings{}, "/api/webhooks/1/x?thread_id=5", "POST", "/api/webhooks/1/x?thread_id=5&wait=true", "", ""},
		{"discord", settings{}, "/api/webhooks/1/x?wait=false", "POST", "/api/webhooks/1/x?wait=false", "", ""},
		{"googlechat", settings{}, "/v1/spaces/S/messages?key=k%3D&token=t", "POST", "/v1/spaces/S/messages?key=k%3D&token=t", "", `"title":"Hello"`},
		{"googlechat", settings{"thread": "true"}, "/v1/spaces/S/messages?key=k", "POST", "/v1/spaces/S/messages?key=k&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "", ""},
		{"webex", settings{}, "/v1/webhooks/incoming/x", "POST", "/v1/webhooks/incoming/x", "", `"markdown":"**Hello**`},
		{"zulip", settings{"user": "bot@example.com", "to": "engineering", "topic": "builds"}, "", "POST", "/api/v1/messages", "Basic Ym90QGV4YW1wbGUuY29tOnRoZS10b2tlbg==", "to=engineering&topic=builds&type=stream"},
		{"matrix", settings{}, "/webhook/abc", "POST", "/webhook/abc", "", `"html":"<p><strong>Hello`},
		{"matrix", settings{"payload": "event", "to": "!room:example.com"}, "/", "PUT", "/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/card_", "Bearer the-token", `"formatted_body":"<p><strong>Hello`},
		{"matrix", settings{"payload": "event", "to": "!a/b:example.com"}, "", "PUT", "/_matrix/client/v3/rooms/%21a%2Fb:example.com/send/m.room.message/card_", "Bearer the-token", ""},
		{"ntfy", settings{}, "/my%20topic", "POST", "/", "Bearer the-token", `"topic":"my topic"`},
		{"ntfy", settings{}, "/behind/proxy/topic/", "POST", "/behind/proxy/", "Bearer the-token", `"topic":"topic"`},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.target, func(t *testing.T) {
			var got *http.Request
			var body string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got, body = r, string(b)
			}))
			defer server.Close()
			s := spec(test.name, server.URL+test.path, test.set)
			if test.auth != "" {
				s.Settings.Set("token", "the-token")
			}
			c, err := New(s)
			if err != nil {
				t.Fatal(err)
			}
			o := c.Send(t.Context(), delivery.Delivery{Card: []byte(`{"title":"Hello","text":"World"}`), Connector: "ci", Key: "1"})
			if got == nil {
				t.Fatalf("nothing was sent: %+v", o)
			}
			if target := got.URL.RequestURI(); got.Method != test.method || !strings.HasPrefix(target, test.target) || test.method == "POST" && target != test.target {
				t.Errorf("%s %s, want %s %s", got.Method, target, test.method, test.target)
			}
			if auth := got.Header.Get("Authorization"); auth != test.auth {
				t.Errorf("signed in with %q, want %q", auth, test.auth)
			}
			if !strings.Contains(body, test.body) {
				t.Errorf("the body is %s, want %s in it", body, test.body)
			}
		})
	}
}

// TestARepeatHasTheSameName, so that a Matrix server knows it as one.
func TestARepeatHasTheSameName(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { paths = append(paths, r.URL.Path) }))
	defer server.Close()
	c, err := New(spec("matrix", server.URL, settings{"payload": "event", "to": "!r:x", "token": "t"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"1", "1", "2"} {
		c.Send(t.Context(), delivery.Delivery{Card: []byte(`{"title":"Hello"}`), Channel: "c", Connector: "ci", Key: key})
	}
	if len(paths) != 3 || paths[0] != paths[1] || paths[1] == paths[2] {
		t.Errorf("the paths are %q", paths)
	}
}

// TestWhoAndWhereAreNeeded: a channel that could not make a request is not made.
func TestWhoAndWhereAreNeeded(t *testing.T) {
	const url = "https://chat.example.com"
	for want, s := range map[string]Spec{
		"needs user":            spec("zulip", url, nil),
		"needs token":           spec("zulip", url, settings{"user": "bot"}),
		"needs to":              spec("matrix", url, settings{"payload": "event", "token": "t"}),
		"has no use for thread": spec("slack", url, settings{"thread": "true"}),
	} {
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestAPersonIsMentionedByTheConnectorsSource: the same login is somebody else at
// another source.
func TestAPersonIsMentionedByTheConnectorsSource(t *testing.T) {
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(b)
	}))
	defer server.Close()
	s := spec("slack", server.URL, nil)
	s.People = func(connector, login string) (chat.Person, bool) {
		return chat.Person{ID: "U" + strings.ToUpper(connector), Name: "Ada"}, login == "ada" && connector != "other"
	}
	c, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	for connector, want := range map[string]string{"hub": `"user_id":"UHUB"`, "board": `"user_id":"UBOARD"`, "other": `"text":"@ada is here"`} {
		c.Send(t.Context(), delivery.Delivery{Card: []byte(`{"title":"Hello","text":"@ada is here"}`), Connector: connector})
		if !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s in it", connector, body, want)
		}
	}
}

func TestAnNtfyURLNamesItsTopic(t *testing.T) {
	c, err := New(spec("ntfy", "https://ntfy.sh/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if o := c.Send(t.Context(), delivery.Delivery{Card: []byte(`{"title":"Hello"}`)}); o.Verdict != delivery.VerdictRefused || !strings.Contains(o.Detail, "no topic") {
		t.Errorf("a URL without a topic: %+v", o)
	}
}
