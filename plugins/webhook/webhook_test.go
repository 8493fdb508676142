package webhook

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
	"github.com/connector-relay/relay/relay/event"
)

// post is a request with a body.
func post(body string, header ...string) *connector.Request {
	r := &connector.Request{Connector: "ci", Method: http.MethodPost, Header: make(http.Header), Body: []byte(body), Remote: "192.0.2.7", Log: slog.New(slog.DiscardHandler)}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func receive(t testing.TB, h *Webhook, r *connector.Request) connector.Reply {
	t.Helper()
	if h.Accept == "" {
		h.Accept = acceptAny
	}
	reply, err := h.Receive(t.Context(), r)
	if err != nil {
		t.Fatalf("Receive returned an error, which would be the relay's fault: %v", err)
	}
	return reply
}

func TestWhatIsPostedBecomesACard(t *testing.T) {
	named := Webhook{Title: "Build_server", Image: "https://ci.example.com/logo.png"}
	hooks := map[string]*Webhook{
		"grafana-as-json": {Accept: acceptJSON}, "list-as-json": {Accept: acceptJSON, Title: "List"}, "text-as-slack": {Accept: acceptSlack},
		"text": {Title: named.Title, Image: named.Image}, "messagecard": {Title: named.Title, Image: named.Image},
	}
	paths, err := filepath.Glob("testdata/cards/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no payloads to read: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			h := hooks[name]
			if h == nil {
				h = &Webhook{}
			}
			reply := receive(t, h, post(string(body)))
			if reply.Status/100 != 2 {
				t.Fatalf("answered %d %q %v", reply.Status, reply.Body, reply.Header)
			}
			golden.Assert(t, describe(t, reply.Events), filepath.Join("cards", name+".golden"))
		})
	}
}

// describe writes events with their cards as JSON.
func describe(t testing.TB, events []event.Event) string {
	t.Helper()
	var b bytes.Buffer
	for _, e := range events {
		if err := e.Card.Validate(); err != nil {
			t.Errorf("the card is not valid: %v", err)
		}
		if !json.Valid(e.Data) || e.Data[0] != '{' {
			t.Errorf("the data is no JSON object: %s", e.Data)
		}
		c, err := e.Card.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("kind: " + e.Kind + "\ncard: ")
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(parseTree(c).v); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestWhatCannotBeACardIsRefusedWithASentence(t *testing.T) {
	tests := []struct {
		name, accept, body, want string
	}{
		{"no body", "", " \n", `The body is empty: POST a card, such as {"text": "Hello"}.`},
		{"a broken body", "", "{\"text\": \"hi\",\n \"title\": }", "The body is not JSON: line 2, column 11: a value is missing."},
		{"two bodies", "", `{"text":"a"}{"text":"b"}`, "The body is not JSON: line 1, column 13: there is more after the end of the JSON."},
		{"a body cut short", "", `{"text": "a`, "The body is not JSON: line 1, column 12: it ends too early."},
		{"a broken Slack payload", "", "{\"blocks\": [\n{\"é\": ]}", "The body is not JSON: line 2, column 7: a value is missing."},
		{"words", "", "Hello", "The body is not JSON: line 1, column 1: a string needs quotes."},
		{"an empty object", "", "{}", "Summary or Text is required."},
		{"an object of another world", "", `{"foo": "bar"}`, "Summary or Text is required."},
		{"an empty section", "", `{"sections": [{}]}`, "Summary or Text is required."},
		{"empty blocks", "", `{"blocks": [{"type": "actions", "elements": []}]}`, "The payload shows nothing; it needs a text, blocks or attachments."},
		{"null", "", "null", `The body must be a JSON object, such as {"text": "Hello"}.`},
		{"a list", "", `[{"text": "a"}]`, `The body must be a JSON object, such as {"text": "Hello"}.`},
		{"a form where cards are taken", acceptCard, "payload=", "The form is empty: it needs the field payload with a card as JSON, or any other fields."},
		{"an Adaptive Card that shows nothing", "", `{"type": "AdaptiveCard", "body": []}`, `The Adaptive Card shows nothing: its body needs an element such as {"type": "TextBlock", "text": "Hello"}.`},
		{"an attachment that is none", "", `{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": null}]}`, "attachments[0]: The content must be a card, a JSON object."},
		{"an attachment of another kind", "", `{"attachments": [{"contentType": "image/png", "content": {}}]}`, "Summary or Text is required."},
		{"many attachments", "", `{"attachments": [` + strings.Repeat(`{"contentType":"x"},`, 20) + `{}]}`, "attachments: there are 21; at most 20 are allowed."},
		{"an Adaptive Card where none is taken", acceptCard, `{"type": "AdaptiveCard"}`, `This webhook takes only Connector Cards: a MessageCard, or {"text": "Hello"}.`},
		{"a text where none is taken", acceptAdaptive, `{"text": "a"}`, `This webhook takes only Adaptive Cards: {"type": "AdaptiveCard", …}, bare or as an attachment.`},
		{"broken JSON where any is taken", acceptJSON, `[1,,]`, "The body is not JSON: line 1, column 4: a value is missing."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := post(test.body)
			reply := receive(t, &Webhook{Accept: test.accept}, r)
			if reply.Status != http.StatusBadRequest || len(reply.Events) > 0 {
				t.Errorf("answered %d with %d events", reply.Status, len(reply.Events))
			}
			if diff := cmp.Diff(test.want, sentence(string(reply.Body))); diff != "" {
				t.Errorf("the sentence (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWrongTypeIsRefusedWithItsPath(t *testing.T) {
	for body, path := range map[string]string{
		`{"text": {"a": 1}}`:                        "text",
		`{"text": "a", "sections": [1]}`:            "sections",
		`{"text": "a", "potentialAction": [["a"]]}`: "potentialAction",
	} {
		reply := receive(t, &Webhook{}, post(body))
		if reply.Status != http.StatusBadRequest || !strings.HasPrefix(sentence(string(reply.Body)), "The card cannot be read: ") || !strings.Contains(string(reply.Body), path) {
			t.Errorf("%s was answered with %d %q", body, reply.Status, reply.Body)
		}
	}
}

func TestBodiesAreReadHoweverTheyAreWrapped(t *testing.T) {
	tests := []struct{ name, body, contentType, want string }{
		{"as curl labels it", `{"text": "grün"}`, "application/x-www-form-urlencoded", "grün"},
		{"without a type", `{"text": "grün"}`, "", "grün"},
		{"as text", `{"text": "grün"}`, "text/plain; charset=iso-8859-1", "grün"},
		{"as a form", "payload=%7B%22text%22%3A+%22gr%C3%BCn%22%7D", "application/x-www-form-urlencoded", "grün"},
		{"as a form that nobody labels", "payload=%7B%22text%22%3A+%22gr%C3%BCn%22%7D", "application/json", "grün"},
		{"as the second field of a form", "a=b&payload=%7B%22text%22%3A+%22x%22%7D", "application/x-www-form-urlencoded; charset=UTF-8", "x"},
		{"with a byte order mark", "\xef\xbb\xbf{\"text\": \"grün\"}", "application/json", "grün"},
		{"in Latin 1", "{\"text\": \"gr\xfcn\"}", "application/json; charset=iso-8859-1", "grün"},
		{"in Latin 1 without saying so", "{\"text\": \"gr\xfcn\"}", "application/json", "grün"},
		{"in UTF-16", "\xff\xfe{\x00\"\x00t\x00e\x00x\x00t\x00\"\x00:\x00\"\x00\xfc\x00\"\x00}\x00", "application/json", "ü"},
		{"in UTF-16 without a mark", "\x00{\x00\"\x00t\x00e\x00x\x00t\x00\"\x00:\x00\"\x00\xfc\x00\"\x00}", "application/json; charset=utf-16be", "ü"},
		{"in a charset that does not exist", "{\"text\": \"gr\xfcn\"}", "application/json; charset=klingon", "gr\ufffdn"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := receive(t, &Webhook{}, post(test.body, "Content-Type", test.contentType))
			if reply.Status != http.StatusOK {
				t.Fatalf("answered %d %q", reply.Status, reply.Body)
			}
			if got := reply.Events[0].Card.Text; got != test.want {
				t.Errorf("the text is %q, not %q", got, test.want)
			}
		})
	}
}

func TestOtherMethodsAreHarmless(t *testing.T) {
	tests := []struct {
		method string
		status int
		header http.Header
	}{
		{http.MethodGet, 200, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}},
		{http.MethodHead, 200, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}},
		{http.MethodOptions, 200, http.Header{"Allow": {allowedMethods}, "Webhook-Allowed-Origin": {"sender.example.com"}, "Webhook-Allowed-Rate": {"*"}}},
		{http.MethodPut, 405, http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Allow": {allowedMethods}}},
		{http.MethodDelete, 405, http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Allow": {allowedMethods}}},
	}
	for _, test := range tests {
		r := post(`{"text": "a"}`, "WebHook-Request-Origin", "sender.example.com")
		r.Method = test.method
		reply := receive(t, &Webhook{Secret: "unused", Signature: signatureHMAC}, r)
		if reply.Status != test.status || len(reply.Events) > 0 {
			t.Errorf("%s was answered with %d and %d events", test.method, reply.Status, len(reply.Events))
		}
		if diff := cmp.Diff(test.header, reply.Header); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.method, diff)
		}
	}
}

func TestOnlyListedAddressesMayPost(t *testing.T) {
	h := &Webhook{Allow: []string{"192.0.2.0/24", "2001:db8::1", "::ffff:198.51.100.7"}}
	for remote, want := range map[string]int{
		"192.0.2.7": 200, "::ffff:192.0.2.8": 200, "2001:db8::1": 200, "198.51.100.7": 200,
		"192.0.3.7": 403, "2001:db8::2": 403, "fe80::1%eth0": 403, "": 403, "proxy": 403,
	} {
		r := post(`{"text": "a"}`)
		r.Remote = remote
		if reply := receive(t, h, r); reply.Status != want {
			t.Errorf("%q was answered with %d, not %d", remote, reply.Status, want)
		}
	}
}

func TestTheConnectorsNameAndPictureAreTheSender(t *testing.T) {
	h := &Webhook{Title: "CI *x*", Image: "https://ci.example.com/logo.png"}
	sender := &card.Sender{Name: h.Title, Image: h.Image}
	tests := []struct {
		name, body string
		want       card.Card
		headline   string
	}{
		{"a text", `{"text": "hi"}`, card.Card{Text: "hi", Sender: sender}, "hi"},
		{"a title", `{"title": "T", "text": "hi"}`, card.Card{Title: "T", Text: "hi", Sender: sender}, "T"},
		{"a summary", `{"summary": "S", "sections": [{"activityTitle": "Jane"}]}`, card.Card{Summary: "S", Sections: []card.Section{{ActivityTitle: "Jane"}}, Sender: sender}, "S"},
		{"an activity", `{"sections": [{"activityTitle": "Jane", "activityImage": "https://example.com/j.png"}]}`, card.Card{Summary: "Jane", Sections: []card.Section{{ActivityTitle: "Jane", ActivityImage: "https://example.com/j.png"}}, Sender: sender}, "Jane"},
		{"a sender of its own", `{"text": "hi", "sender": {"name": "The boss"}}`, card.Card{Text: "hi", Sender: sender}, "hi"},
	}
	for _, test := range tests {
		reply := receive(t, h, post(test.body))
		if got := reply.Events[0].Card.Headline(); got != test.headline {
			t.Errorf("%s: the headline is %q, want %q", test.name, got, test.headline)
		}
		got, err := reply.Events[0].Card.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		want, err := test.want.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestArgumentsAreChecked(t *testing.T) {
	tests := []struct {
		name string
		h    *Webhook
		want []string
	}{
		{"all well", &Webhook{Image: "https://example.com/a.png", Allow: []string{"192.0.2.7", "2001:db8::/32"}, Secret: "whsec_" + vectorKey, Signature: signatureStandard}, nil},
		{"a free secret for an HMAC", &Webhook{Secret: "s", Signature: signatureHMAC, SignatureHeader: "X-Sig"}, nil},
		{"all wrong", &Webhook{Image: "logo.png", Allow: []string{"192.0.2.7", "office"}, Secret: "hunter2", Signature: signatureStandard}, []string{"image", "allow", "secret"}},
		{"a secret without a key", &Webhook{Secret: "whsec_", Signature: signatureStandard}, []string{"secret"}},
		{"a long title", &Webhook{Title: strings.Repeat("é", 81)}, []string{"title"}},
		{"a header that cannot be", &Webhook{Signature: signatureHMAC, SignatureHeader: "X Sig"}, []string{"signature_header"}},
	}
	for _, test := range tests {
		var got []string
		for _, p := range test.h.Validate() {
			got = append(got, p.Argument)
			if strings.Contains(p.Message, "hunter2") {
				t.Errorf("%s: the problem shows the secret: %s", test.name, p.Message)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestEveryKindHasASampleAndCanBeServed(t *testing.T) {
	if _, err := connector.NewServer(nil, New); err != nil {
		t.Fatal(err)
	}
	for _, k := range New().Describe().Kinds {
		if err := k.Sample.Card.Validate(); err != nil || k.Doc == "" {
			t.Errorf("kind %s: %v", k.Name, err)
		}
	}
}

func TestTheConnectorKeepsItsContract(t *testing.T) {
	connectortest.Run(t, New, connectortest.Options{
		Arguments: map[string]any{"title": "CI"},
		Invalid: []connectortest.Invalid{
			{Argument: "image", Value: "logo.png"},
			{Argument: "accept", Value: "xml"},
			{Argument: "allow", Value: []string{"office"}},
			{Argument: "secret", Value: "hunter2"},
		},
		Genuine: []connector.Request{*post(`{"text": "hi"}`), *post(`{"text": "hi", "attachments": [{"text": "*there*"}]}`, "Idempotency-Key", "7")},
	})
}
