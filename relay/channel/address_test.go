package channel

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format"
	"github.com/connector-relay/relay/relay/secret"
)

// TestEachTypeMakesItsOwnRequest: where a card goes, as whom, and what stands in it.
func TestEachTypeMakesItsOwnRequest(t *testing.T) {
	tests := []struct {
		name   string
		spec   Spec
		path   string
		method string
		target string
		auth   string
		body   string
	}{
		{"slack", Spec{}, "/services/T/B/X", "POST", "/services/T/B/X", "", `"text":"*Hello*"`},
		{"mattermost", Spec{}, "/hooks/abc", "POST", "/hooks/abc", "", `"title":"Hello"`},
		{"rocketchat", Spec{}, "/hooks/a/b", "POST", "/hooks/a/b", "", `"title":"Hello"`},
		{"discord", Spec{}, "/api/webhooks/1/x", "POST", "/api/webhooks/1/x?wait=true", "", `"embeds":[{"title":"Hello"`},
		{"discord", Spec{}, "/api/webhooks/1/x?thread_id=5", "POST", "/api/webhooks/1/x?thread_id=5&wait=true", "", ""},
		{"discord", Spec{}, "/api/webhooks/1/x?wait=false", "POST", "/api/webhooks/1/x?wait=false", "", ""},
		{"googlechat", Spec{}, "/v1/spaces/S/messages?key=k%3D&token=t", "POST", "/v1/spaces/S/messages?key=k%3D&token=t", "", `"title":"Hello"`},
		{"googlechat", Spec{Threads: true}, "/v1/spaces/S/messages?key=k", "POST", "/v1/spaces/S/messages?key=k&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "", ""},
		{"webex", Spec{}, "/v1/webhooks/incoming/x", "POST", "/v1/webhooks/incoming/x", "", `"markdown":"**Hello**`},
		{"zulip", Spec{User: "bot@example.com", To: "engineering", Topic: "builds"}, "", "POST", "/api/v1/messages", "Basic Ym90QGV4YW1wbGUuY29tOnRoZS10b2tlbg==", "to=engineering&topic=builds&type=stream"},
		{"matrix", Spec{}, "/webhook/abc", "POST", "/webhook/abc", "", `"html":"<p><strong>Hello`},
		{"matrix", Spec{Payload: "event", To: "!room:example.com"}, "/", "PUT", "/_matrix/client/v3/rooms/%21room:example.com/send/m.room.message/card_", "Bearer the-token", `"formatted_body":"<p><strong>Hello`},
		{"matrix", Spec{Payload: "event", To: "!a/b:example.com"}, "", "PUT", "/_matrix/client/v3/rooms/%21a%2Fb:example.com/send/m.room.message/card_", "Bearer the-token", ""},
		{"ntfy", Spec{}, "/my%20topic", "POST", "/", "Bearer the-token", `"topic":"my topic"`},
		{"ntfy", Spec{}, "/behind/proxy/topic/", "POST", "/behind/proxy/", "Bearer the-token", `"topic":"topic"`},
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
			s := test.spec
			s.Name, s.Type, s.URL = "c", test.name, secret.New(server.URL+test.path)
			if test.auth != "" {
				s.Token = secret.New("the-token")
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
	c, err := New(Spec{Name: "c", Type: "matrix", Payload: "event", URL: secret.New(server.URL), To: "!r:x", Token: secret.New("t")})
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
	url := secret.New("https://chat.example.com")
	for want, s := range map[string]Spec{
		"needs user":     {Type: "zulip", URL: url},
		"needs token":    {Type: "zulip", URL: url, User: "bot"},
		"needs to":       {Type: "matrix", Payload: "event", URL: url, Token: secret.New("t")},
		"has no threads": {Type: "slack", URL: url, Threads: true},
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
	c, err := New(Spec{Type: "slack", URL: secret.New(server.URL), People: func(connector, login string) (format.Person, bool) {
		return format.Person{ID: "U" + strings.ToUpper(connector), Name: "Ada"}, login == "ada" && connector != "other"
	}})
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
	var settings format.Settings
	if _, err := topic("https://ntfy.sh/", Spec{}, &settings); err == nil || !strings.Contains(err.Error(), "no topic") {
		t.Errorf("a URL without a topic: %v", err)
	}
}
