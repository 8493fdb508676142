package webhook

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// most is how large a hostile body is: a quarter of what a hook takes, which is
// enough to show what grows faster than its input.
const most = 1 << 18

func TestHostilePayloadsAreAnsweredSoon(t *testing.T) {
	fill := func(prefix, unit, suffix string) string {
		return prefix + strings.TrimSuffix(strings.Repeat(unit, (most-len(prefix)-len(suffix))/len(unit)), ",") + suffix
	}
	adaptive := `{"type":"AdaptiveCard","body":[`
	slack := `{"attachments":[],"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"`
	tests := []struct {
		name, body string
		want       int
	}{
		{"deep lists", strings.Repeat("[", most), 400},
		{"deep objects", strings.Repeat(`{"a":`, 50_000), 400},
		{"deep sections", `{"text":"a","sections":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, 400},
		{"deep containers", adaptive + strings.Repeat(`{"type":"Container","items":[`, 5000) + strings.Repeat("]}", 5000) + "]}", 400},
		{"deep fallbacks", adaptive + strings.Repeat(`{"fallback":`, 5000) + "{}" + strings.Repeat("}", 5000) + "]}", 400},
		{"deep show cards", `{"type":"AdaptiveCard","actions":` + strings.Repeat(`[{"type":"Action.ShowCard","card":{"actions":`, 2000) + "[]" + strings.Repeat("}}]", 2000) + "}", 400},
		{"very many facts", fill(`{"text":"a","sections":[{"facts":[`, `{"name":"a","value":1},`, `]}]}`), 200},
		{"very many broken facts", fill(`{"text":"a","themeColor":"red","sections":[{"facts":[`, `{},`, `]}]}`), 200},
		{"very many broken actions", fill(`{"text":"a","potentialAction":[`, `{"@type":"OpenUri","targets":[{"uri":"http://a"}]},`, `]}`), 200},
		{"very many paragraphs", fill(adaptive, `{"type":"TextBlock","text":"a"},`, `]}`), 202},
		{"very many links", fill(`{"type":"AdaptiveCard","fallbackText":"a","actions":[`, `{"type":"Action.OpenUrl","url":"http://a"},`, `]}`), 202},
		{"very many blocks", fill(`{"blocks":[`, `{"type":"header","text":"a"},`, `]}`), 200},
		{"nothing but stars", fill(slack, "*a ", `"}}]}`), 200},
		{"nothing but pairs", fill(slack, "*_~a~_*", `"}}]}`), 200},
		{"nothing but marks", fill(slack, "*_~", `"}}]}`), 200},
		{"nothing but backticks", fill(slack, "`a\\n", `"}}]}`), 200},
		{"nothing but brackets", fill(slack, "<[", `"}}]}`), 200},
		{"nothing but addresses", fill(slack, "http://", `"}}]}`), 200},
		{"nothing but colons", fill(slack, ":a", `"}}]}`), 200},
		{"nothing but lines", fill(slack, " \\n", `a"}}]}`), 200},
		{"very many fields", fill("", "a=b&", "a"), 200},
		{"very many forms", fill("", "payload=&", ""), 400},
		{"a list that is not quite JSON", fill("[", "'',", "]"), 400},
		{"very many comments", fill("{", "/**/", "}"), 400},
		{"a comment without end", fill("{/*", "/*", ""), 400},
		{"very many elements", fill("<a>", "<b/>", "</a>"), 200},
		{"long names around very many elements", fill("<a"+strings.Repeat("a", 50_000)+">"+strings.Repeat("<b"+strings.Repeat("b", 1000)+">", 50), "<c>1</c>", strings.Repeat("</b"+strings.Repeat("b", 1000)+">", 50)+"</a"+strings.Repeat("a", 50_000)+">"), 200},
		{"very many attributes", fill("<a ", "b='' ", "/>"), 200},
		{"nulls", `{"text":"a","title":null,"sections":[null,{"facts":[null],"images":null,"heroImage":null}],"potentialAction":[null]}`, 200},
		{"nulls of Slack's", `{"text":null,"blocks":[null,{"type":null,"text":null,"fields":[null],"elements":null}],"attachments":[null,{"fields":[null],"actions":[null],"text":"a"}]}`, 200},
		{"wrong types", adaptive + `1,"a",[],{"type":1,"items":3},{"type":"TextBlock","text":{"a":1}},{"type":"FactSet","facts":{"title":1}},{"type":"TextBlock","text":7}]}`, 202},
		{"control characters", `{"text":"a\u0000\u0007\u001b[31m\u202e\ud800"}`, 200},
		{"the same member often", fill(`{`, `"text":"a",`, `,"text":"b"}`), 200},
		{"another object's prototype", `{"__proto__":{"text":"a"},"constructor":1}`, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			started := time.Now()
			reply := receive(t, &Webhook{Title: "CI", Image: "https://example.com/a.png"}, post(test.body, "Content-Type", map[bool]string{true: "application/x-www-form-urlencoded", false: "application/json"}[strings.Contains(test.name, "form") || strings.Contains(test.name, "fields")]))
			if took := time.Since(started); took > 30*time.Second { // those that cost too much took minutes
				t.Errorf("took %s", took)
			}
			if reply.Status != test.want {
				t.Errorf("answered %d %.200q", reply.Status, reply.Body)
			}
			checkReply(t, reply.Status, string(reply.Body))
			for _, e := range reply.Events {
				w, err := wire.FromEvent(e)
				if err != nil {
					t.Fatalf("the event cannot be handed to the relay: %v", err)
				}
				if n := len(w.GetCard()) + len(w.GetData()); n > 6*most {
					t.Errorf("%d bytes became %d", len(test.body), n)
				}
			}
		})
	}
}

// checkReply checks what holds for every answer.
func checkReply(t *testing.T, status int, body string) {
	t.Helper()
	switch {
	case status == http.StatusOK && body != "1" && body != "ok", status == http.StatusAccepted && body != "1":
		t.Errorf("%d was answered with %q", status, body)
	case status >= http.StatusBadRequest && (len(body) > 2000 || !strings.HasSuffix(sentence(body), ".")):
		t.Errorf("%d was answered with no sentence: %.300q", status, body)
	case !utf8.ValidString(body):
		t.Errorf("the answer is not UTF-8: %q", body)
	}
}

func FuzzReceive(f *testing.F) {
	paths, err := filepath.Glob("testdata/cards/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("there are no seeds: %v", err)
	}
	for _, path := range paths {
		seed, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, accept := range []string{acceptAny, acceptJSON, acceptSlack} {
			f.Add(accept, "application/json", seed)
		}
	}
	f.Add(acceptAny, "application/x-www-form-urlencoded", []byte("payload=%7B%22text%22%3A%22a%22%7D"))
	f.Add(acceptAny, "multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{}\r\n--b--"))
	f.Add(acceptAny, "application/xml", []byte("<a b='c'>d<e/></a>"))
	f.Add(acceptAny, "text/plain", []byte("[CRITICAL] 97% full"))
	f.Add(acceptCard, "text/plain; charset=utf-16", []byte("\xff\xfe{\x00}\x00"))
	f.Fuzz(func(t *testing.T, accept, contentType string, body []byte) {
		switch accept {
		case acceptAny, acceptCard, acceptAdaptive, acceptSlack, acceptJSON:
		default:
			accept = acceptAny
		}
		reply := receive(t, &Webhook{Accept: accept, Title: "C_I", Image: "https://example.com/a.png"}, post(string(body), "Content-Type", contentType))
		checkReply(t, reply.Status, string(reply.Body))
		switch reply.Status {
		case http.StatusOK, http.StatusAccepted:
			if len(reply.Events) == 0 {
				t.Error("a request was taken that tells of nothing")
			}
		case http.StatusBadRequest:
			if len(reply.Events) > 0 {
				t.Error("a request was refused and taken")
			}
		default:
			t.Errorf("answered %d", reply.Status)
		}
		for _, e := range reply.Events {
			if err := e.Card.Validate(); err != nil {
				t.Errorf("the card is not valid: %v", err)
			}
			if _, err := wire.FromEvent(e); err != nil {
				t.Errorf("the event cannot be handed to the relay: %v", err)
			}
		}
	})
}

func FuzzMrkdwn(f *testing.F) {
	for _, s := range mrkdwnTests() {
		f.Add(s.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := fromMrkdwn(s)
		if strings.Contains(out, "<at>") && !strings.Contains(s, "`") {
			t.Errorf("%q became %q, which mentions", s, out)
		}
		if len(out) > 12*len(s)+16 {
			t.Errorf("%d bytes became %d", len(s), len(out))
		}
	})
}

type mrkdwnTest struct{ name, in, want string }

func mrkdwnTests() []mrkdwnTest {
	return []mrkdwnTest{
		{"plain", "Deploy (prod) done! 5 - 3 = 2.", "Deploy (prod) done! 5 - 3 = 2."},
		{"bold", "*all* and (*some*), not 2*3*4", "**all** and (**some**), not 2\\*3\\*4"},
		{"italic", "_all_ of snake_case_names, __init__", "_all_ of snake\\_case\\_names, \\_\\_init\\_\\_"},
		{"struck", "~old~ ~/bin", "~~old~~ \\~/bin"},
		{"nested", "*_very ~much~_*", "**_very ~~much~~_**"},
		{"unpaired", "* a\n*b\nc*", "\\* a\n\n\\*b\n\nc\\*"},
		{"Markdown already", "**bold** ~~struck~~ [label](https://example.com/a)", "**bold** ~~struck~~ [label](https://example.com/a)"},
		{"no link", "[a](b) [c]", "\\[a](b) \\[c]"},
		{"link", "<https://example.com/a_(b)?x=1&amp;y=2|a *b*>", "[a \\*b\\*](https://example.com/a_%28b%29?x=1&y=2)"},
		{"bare link", "<https://example.com> https://example.com/a_b, x", "[https://example.com](https://example.com) [https://example.com/a\\_b](https://example.com/a_b), x"},
		{"mail", "<mailto:a@example.com|Anna> <mailto:b@example.com>", "[Anna](mailto:a@example.com) [b@example.com](mailto:b@example.com)"},
		{"mentions", "<@U1> <@U1|jane> <#C1|general> <!here> <!subteam^S1|@ops>", "@U1 @jane #general @here @ops"},
		{"date", "<!date^1392734382^{date}|Feb 18>", "Feb 18"},
		{"script", "<javascript:alert(1)|click>", "click"},
		{"a tag", "<at>Jane</at>", "atJane/at"},
		{"entities", "a &lt; b &gt; c &amp;amp; &copy;", "a &lt; b &gt; c &amp;amp; &copy;"},
		{"quotation", "&gt; said\n> again", "> said\n\n> again"},
		{"code", "`a*b*_c_ &lt;d&gt;` ```\nx = *y\n``` z", "`a*b*_c_ <d>` \n\n```\nx = *y\n```\n\n z"},
		{"unclosed code", "a ` b", "a \\` b"},
		{"emoji", ":white_check_mark: 10:30:00, 1:100:2", "✅ 10:30:00, 1:100:2"},
		{"an emoji's tone", ":wave::skin-tone-2:", "👋"},
		{"an emoji of Slack's own name", ":large_green_circle:", "🟢"},
		{"an emoji of the workspace's own", ":our_cat_: _x_", ":our_cat_: _x_"},
		{"an emoji in code", "`:tada:`", "`:tada:`"},
		{"headline that is none", "# 1 is #1", "\\# 1 is #1"},
		{"template", "{{DATE(x)}}", "\\{{DATE(x)}}"},
		{"control characters", "a\x00b\x1b[0m\r\nc", "ab\\[0m\n\nc"},
		{"pipes and slashes", `a|b\c`, `a\|b\\c`},
	}
}

func TestMrkdwnBecomesMarkdown(t *testing.T) {
	for _, test := range mrkdwnTests() {
		if diff := cmp.Diff(test.want, fromMrkdwn(test.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	body := `{"@type":"MessageCard","@context":"https://schema.org/extensions","summary":"Build 4711 failed","themeColor":"D70000","title":"Build 4711 failed","text":"` +
		strings.Repeat("Something **went** wrong in step 3. ", 20) + `","sections":[{"activityTitle":"Jane Doe","activitySubtitle":"pushed to main","activityImage":"https://ci.example.com/jane.png","facts":[{"name":"Branch","value":"main"},{"name":"Commit","value":"0e5751c026e543b2e8ab2eb06099daa1d1e5df47"},{"name":"Duration","value":"12m 30s"},{"name":"Agent","value":"linux-7"}],"markdown":true},{"title":"Log","text":"` +
		strings.Repeat("line of the log ", 24) + `"}],"potentialAction":[{"@type":"OpenUri","name":"View build","targets":[{"os":"default","uri":"https://ci.example.com/builds/4711"}]},{"@type":"OpenUri","name":"View log","targets":[{"os":"default","uri":"https://ci.example.com/builds/4711/log"}]}]}`
	h := &Webhook{Title: "CI", Accept: acceptAny}
	r := post(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if reply := receive(b, h, r); reply.Status != http.StatusOK {
			b.Fatal(string(reply.Body))
		}
	}
}
