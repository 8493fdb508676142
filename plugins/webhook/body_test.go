package webhook

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
)

// TestWhatTheRetiredConnectorsTookIsTaken posts what people's scripts make of a card.
func TestWhatTheRetiredConnectorsTookIsTaken(t *testing.T) {
	section := func(s card.Section) card.Card { return card.Card{Title: "T", Sections: []card.Section{s}} }
	facts := []card.Fact{{Name: "Build", Value: "7"}, {Name: "State", Value: "ok"}}
	yes, no := true, false
	tests := []struct {
		name, body string
		want       card.Card
		note       string
	}{
		{"single quotes", `{'title':'T','text':'it\'s'}`, card.Card{Title: "T", Text: "it's"}, "single quotes, an escaped single quote"},
		{"JSON inside a string", `"{\"title\":\"T\",'text':'a'}"`, card.Card{Title: "T", Text: "a"}, "single quotes, JSON inside a string"},
		{"a NUL at the end", "{\"title\": \"T\", \"text\": \"grün\"}\x00", card.Card{Title: "T", Text: "grün"}, ""},
		{"line breaks", "{\"title\":\"T\",\"text\":\"a\nb\"}", card.Card{Title: "T", Text: "a\nb"}, "line breaks in a string"},
		{"carriage returns", `{"title": "T\r", "sections": [{"text": "# A\r## B\r\nc"}]}`, card.Card{Title: "T\n", Sections: []card.Section{{Text: "# A\n## B\nc"}}}, ""},
		{"lines for a text", `{"title": "T", "text": ["a", 1, true]}`, card.Card{Title: "T", Text: "a\n1\ntrue"}, ": text."},
		{"numbers and booleans for texts", `{"title": 7, "text": false}`, card.Card{Title: "7", Text: "false"}, ": text, title."},
		{"texts for booleans", `{"title": "T", "sections": [{"text": "a", "markdown": "False", "startGroup": "true"}]}`, section(card.Section{Text: "a", Markdown: &no, StartGroup: true}), ": markdown, startGroup."},
		{"message for text", `{"title": "T", "message": "a"}`, card.Card{Title: "T", Text: "a"}, ""},
		{"a message beside a text", `{"title": "T", "message": "a", "text": "b"}`, card.Card{Title: "T", Text: "b"}, ""},
		{"one section", `{"title": "T", "sections": {"text": "a", "markdown": "true"}}`, section(card.Section{Text: "a", Markdown: &yes}), ": markdown, sections."},
		{"a text for a section", `{"title": "T", "sections": ["a"]}`, section(card.Section{Text: "a"}), ": text."},
		{"title for name in facts", `{"title": "T", "sections": [{"facts": [{"title": "Build", "value": 7}, {"Key": "State", "Value": "ok"}]}]}`, section(card.Section{Facts: facts}), ": facts, value."},
		{"a map of facts", `{"title": "T", "sections": [{"facts": {"State": "ok", "Build": 7}}]}`, section(card.Section{Facts: facts}), ": facts."},
		{"a map for each fact", `{"title": "T", "sections": [{"facts": [{"Build": 7}, {"State": "ok"}]}]}`, section(card.Section{Facts: facts}), ": facts."},
		{"numbers for booleans", `{"title": "T", "sections": [{"text": "a", "markdown": 0, "startGroup": 1}]}`, section(card.Section{Text: "a", Markdown: &no, StartGroup: true}), ": markdown, startGroup."},
		{"a boolean that is none", `{"title": "T", "sections": [{"text": "a", "markdown": ""}]}`, section(card.Section{Text: "a"}), ": markdown."},
		{"what only Outlook knows", `{"title": "T", "text": "a", "expectedActors": "a@example.com", "sender": "CI"}`, card.Card{Title: "T", Text: "a", ExpectedActors: []string{"a@example.com"}}, "expectedActors"},
		{"one fact", `{"title": "T", "sections": [{"facts": {"name": "Build", "value": "7"}}]}`, section(card.Section{Facts: facts[:1]}), ": facts."},
		{"addresses for pictures", `{"title": "T", "sections": [{"heroImage": "https://a.example/h", "images": ["https://a.example/1"]}]}`, section(card.Section{HeroImage: &card.Image{URL: "https://a.example/h"}, Images: []card.Image{{URL: "https://a.example/1"}}}), ": heroImage, image."},
		{"names in other case", `{"Title": "T", "Sections": [{"Facts": [{"Name": "Build", "Value": 7}]}]}`, section(card.Section{Facts: facts[:1]}), ": Value."},
		{"one button and its address", `{"title": "T", "text": "a", "potentialAction": {"@type": "OpenUri", "name": "Go", "targets": "https://a.example"}}`, card.Card{Title: "T", Text: "a", Actions: []card.Action{{Type: card.OpenURI, Name: "Go", Targets: []card.Target{{URI: "https://a.example"}}}}}, ": potentialAction, targets, uri."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := receive(t, &Webhook{}, post(test.body))
			if len(reply.Events) != 1 {
				t.Fatalf("answered %d %s", reply.Status, reply.Body)
			}
			got := reply.Events[0].Card
			got.Summary = ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			notes := strings.Join(reply.Events[0].Notes, " ")
			if !strings.Contains(notes, test.note) || (notes == "") != (test.note == "") {
				t.Errorf("noted %q, not %q", notes, test.note)
			}
		})
	}
}

func TestBlankCardsAreRefused(t *testing.T) {
	for _, body := range []string{`{"text": "  \n\t"}`, `{"text": "\u200b\u00a0\u2800"}`, `{"title": "", "text": " ", "sections": [{"text": ""}]}`, `{"text": ["", " "]}`} {
		if reply := receive(t, &Webhook{}, post(body)); reply.Status != 400 || string(reply.Body) != "Summary or Text is required." {
			t.Errorf("%s was answered with %d %s", body, reply.Status, reply.Body)
		}
	}
}

// TestSlacksFormsAreReadWhetherEncodedOrNot: scripts write payload={…} with whatever is
// in their texts.
func TestSlacksFormsAreReadWhetherEncodedOrNot(t *testing.T) {
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	_ = w.WriteField("token", "x")
	_ = w.WriteField("payload", `{"text": "a % b; c & d + e"}`)
	_ = w.Close()
	const form = "application/x-www-form-urlencoded"
	tests := []struct{ name, body, contentType, want string }{
		{"encoded", "payload=%7B%22text%22%3A%22a+%25+b%3B+c+%26+d+%2B+e%22%7D", form, "a % b; c & d + e"},
		{"raw", `payload={"text":"a % b; c & d + e"}`, form, "a % b; c & d + e"},
		{"raw, with an address", `payload={"text":"https://a.example/?x=1&y=%20z"}`, form, "[https://a.example/?x=1&y=%20z](https://a.example/?x=1&y=%20z)"},
		{"raw, with another field behind", `payload={"text":"a & b"}&x=y`, form, "a & b"},
		{"raw, behind another field", `x=y&payload={"text":"a & b"}`, form, "a & b"},
		{"raw and careless", "payload={'text':'a\nb'}", form, "a\n\nb"},
		{"half encoded", "payload={%22text%22:%22a 5% b%22}", form, "a 5% b"},
		{"encoded but for a percent sign", "payload=%7B%22text%22%3A%22a+5%+b%22%7D", form, "a 5% b"},
		{"labelled as JSON", `payload={"text":"a & b"}`, "application/json", "a & b"},
		{"not labelled", `payload=%7B%22text%22%3A%22a%22%7D`, "", "a"},
		{"in parts", parts.String(), w.FormDataContentType(), "a % b; c & d + e"},
		{"in parts that nobody announced", parts.String(), "", "a % b; c & d + e"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := receive(t, &Webhook{}, post(test.body, "Content-Type", test.contentType))
			if reply.Status != 200 || string(reply.Body) != "ok" {
				t.Fatalf("answered %d %s", reply.Status, reply.Body)
			}
			if got := reply.Events[0].Card.Text; got != test.want || reply.Events[0].Kind != acceptSlack {
				t.Errorf("a %s with %q, not %q", reply.Events[0].Kind, got, test.want)
			}
		})
	}
}

func TestWhatIsNoJSONBecomesDataAndACard(t *testing.T) {
	const form, textual = "application/x-www-form-urlencoded", "text/plain"
	alert := `<?xml version="1.0"?><alert id="7" xmlns="urn:a"><title>Disk full</title><host>web1</host><host up="no">web2</host><text>a &amp; b&nbsp;c</text></alert>`
	tests := []struct {
		name, body, contentType, kind, data string
		want                                card.Card
	}{
		{"a text", "Disk is *full*\non web1", textual, kindText, `{"body":"Disk is *full*\non web1"}`, card.Card{Text: `Disk is \*full\*` + "\non web1"}},
		{"a text that curl calls a form", "Disk is full", form, kindText, `{"body":"Disk is full"}`, card.Card{Text: "Disk is full"}},
		{"a text with an equals sign that curl calls a form", "Disk is full: a=b", form, kindText, `{"body":"Disk is full: a=b"}`, card.Card{Text: "Disk is full: a=b"}},
		{"a text that nobody labelled", "Disk is full", "", kindText, `{"body":"Disk is full"}`, card.Card{Text: "Disk is full"}},
		{"a text that begins like JSON", "[CRITICAL] disk", textual, kindText, `{"body":"[CRITICAL] disk"}`, card.Card{Text: `\[CRITICAL\] disk`}},
		{"a text that begins like a list, which curl calls a form", "[CRITICAL] disk", form, kindText, `{"body":"[CRITICAL] disk"}`, card.Card{Text: `\[CRITICAL\] disk`}},
		{"a text that begins like a comment", "/var is full", "", kindText, `{"body":"/var is full"}`, card.Card{Text: "/var is full"}},
		{"Markdown", "**full**", "text/markdown", kindText, `{"body":"**full**"}`, card.Card{Text: "**full**"}},
		{"JSON that is called a text", `{"text": "a"}`, textual, acceptCard, `{"text": "a"}`, card.Card{Text: "a"}},
		{"a form", "host=web1&state=97%+full&tag=a&tag=b&empty=", form, kindForm, `{"empty":"","host":"web1","state":"97% full","tag":["a","b"]}`, card.Card{Sections: []card.Section{{Facts: []card.Fact{{Name: "host", Value: "web1"}, {Name: "state", Value: "97% full"}, {Name: "tag", Value: "a"}, {Name: "tag", Value: "b"}, {Name: "empty", Value: "–"}}}}}},
		{"a form with a title and a text", "Title=T&text=a%0D%0Ab", form, kindForm, `{"Title":"T","text":"a\r\nb"}`, card.Card{Title: "T", Text: "a\nb"}},
		{"XML", alert, "application/xml", kindXML, `{"alert":{"@id":"7","host":["web1",{"#text":"web2","@up":"no"}],"text":"a & b\u00a0c","title":"Disk full"}}`, card.Card{Title: "Disk full", Text: "a & b\u00a0c", Sections: []card.Section{{Facts: []card.Fact{{Name: "id", Value: "7"}, {Name: "host", Value: "web1"}, {Name: "host/up", Value: "no"}, {Name: "host", Value: "web2"}}}}}},
		{"XML that nobody labelled", "<a><b>c</b></a>", "", kindXML, `{"a":{"b":"c"}}`, card.Card{Title: "a", Sections: []card.Section{{Facts: []card.Fact{{Name: "b", Value: "c"}}}}}},
		{"a text that begins like XML", "<3 you", textual, kindText, `{"body":"<3 you"}`, card.Card{Text: "&lt;3 you"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reply := receive(t, &Webhook{}, post(test.body, "Content-Type", test.contentType))
			if reply.Status != 200 || string(reply.Body) != "1" {
				t.Fatalf("answered %d %s", reply.Status, reply.Body)
			}
			e := reply.Events[0]
			e.Card.Summary = ""
			if diff := cmp.Diff(test.want, e.Card); diff != "" || e.Kind != test.kind {
				t.Errorf("a %s (-want +got):\n%s", e.Kind, diff)
			}
			if diff := cmp.Diff(parseTree([]byte(test.data)).v, parseTree(e.Data).v); diff != "" {
				t.Errorf("the data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNothingAtAllIsRefused(t *testing.T) {
	for _, test := range []struct{ body, contentType, want string }{
		{"Hello", "application/json", "The body is not JSON: line 1, column 1: a string needs quotes."},
		{`{"text": }`, "application/x-www-form-urlencoded", "The body is not JSON: line 1, column 10: a value is missing."},
		{"<a><b></a>", "text/xml", "The body is not XML: line 1, column 11: element <b> closed by </a>."},
		{strings.Repeat("<a>", 100), "text/xml", "The body is not XML: line 1, column 199: it is nested too deeply."},
		{"<!-- a -->", "text/xml", "The body is not XML: line 1, column 11: it has no element."},
		{"\x89PNG\r\n\x1a\n\x01", "image/png", "The body is neither JSON nor a form, XML or text."},
		{"--b\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{}", "multipart/form-data; boundary=b", `The form's field "payload" cannot be read: it ends too early.`},
		{"--b--\r\n", "multipart/form-data; boundary=b", string(errNoForm)},
		{"payload=", "", string(errNoForm)},
	} {
		reply := receive(t, &Webhook{}, post(test.body, "Content-Type", test.contentType))
		if reply.Status != 400 || sentence(string(reply.Body)) != test.want {
			t.Errorf("%q was answered with %d %q", test.body, reply.Status, reply.Body)
		}
	}
	for _, accept := range []string{acceptCard, acceptAdaptive, acceptSlack} {
		if reply := receive(t, &Webhook{Accept: accept}, post("Hello", "Content-Type", "text/plain")); reply.Status != 400 {
			t.Errorf("a hook for %s answered a text with %d %q", accept, reply.Status, reply.Body)
		}
	}
}

// TestDataSaysHowItCame: but none of the secrets that came with it.
func TestDataSaysHowItCame(t *testing.T) {
	r := post(`{"a": 1}`, "X-GitHub-Event", "push", "Authorization", "Bearer hunter2", "Cookie", "hunter2", "X-Gitlab-Token", "hunter2",
		"X-Api-Key", "hunter2", "X-My-Sum", "hunter2", "X-Original-URI", "/hooks/hunter2", "X-Forwarded-Path", "/hooks/t0ken/a", "Idempotency-Key", "7")
	r.Path, r.Query, r.HookURL = "/prod", "env=live&tag=a&tag=b&token=hunter2&sig=hunter2&x=%zz", "https://relay.example/hooks/t0ken"
	h := &Webhook{Accept: acceptJSON, SignatureHeader: "X-My-Sum"}
	want := `{"a": 1, "request": {"method": "POST", "path": "/prod", "query": {"env": "live", "tag": "a, b"}, "headers": {"content-type": "application/json", "x-github-event": "push", "idempotency-key": "7"}, "body": "{\"a\": 1}"}}`
	data := receive(t, h, r).Events[0].Data
	if diff := cmp.Diff(parseTree([]byte(want)).v, parseTree(data).v); diff != "" || strings.Contains(string(data), "hunter2") {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for body, want := range map[string]string{
		`{}`:               `"request":{"body":"{}"`,
		`[1]`:              `{"body":[1],"request":{`,
		`{"request": "x"}`: `{"request": "x"}`,
		`{"a":"` + strings.Repeat("x", mostRawBody) + `"}`: `"request":{"body":null`,
	} {
		data := receive(t, h, post(body)).Events[0].Data
		if !strings.Contains(string(data), want) || parseTree(data).v == nil {
			t.Errorf("%.50s became %.200s", body, data)
		}
	}
}
