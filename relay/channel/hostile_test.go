package channel

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/delivery"
)

// nonAnswer is what something else than the chat system says, or the chat system when
// it has not taken the card, with a status that claims success.
type nonAnswer struct {
	name   string
	status int
	kind   string
	body   string
	// fault is the verdict where it is the same for every type.
	fault delivery.Verdict
	// foreign says that only an application of one's own may mean success by it.
	foreign bool
	header  map[string]string
}

// nonAnswers are the beginnings of the pages that people met, and lies of every layer.
func nonAnswers(t *testing.T) []nonAnswer {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, signIn); err != nil || z.Close() != nil {
		t.Fatal("cannot compress")
	}
	const html = "text/html; charset=utf-8"
	return []nonAnswer{
		{name: "Microsoft's sign-in", status: 200, kind: html, body: signIn, fault: refused},
		{name: "Microsoft's sign-in with 202", status: 202, kind: html, body: signIn, fault: refused},
		{name: "Okta", status: 200, kind: html, body: "<!DOCTYPE html>\n<!--[if IE 7]><html class=\"ie7\"><![endif]-->\n<html lang=\"en\"><head><title>Acme - Sign In</title>", fault: refused},
		{name: "Cloudflare's challenge", status: 200, kind: html, body: `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta http-equiv="refresh" content="360">`, fault: refused},
		{name: "nginx's first page", status: 200, kind: "text/html", body: "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>", fault: refused},
		{name: "a proxy's block page", status: 200, kind: "text/html", body: "\r\n\r\n<HTML><HEAD><TITLE>Access Denied (policy_denied)</TITLE></HEAD><BODY>", fault: refused},
		{name: "a page in XHTML", status: 200, kind: "application/xhtml+xml", body: "<?xml version=\"1.0\"?>\n<!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\">", fault: refused},
		{name: "a portal's script", status: 200, kind: html, body: "<script>top.location='http://portal.lan/?" + canary + "'</script>", fault: refused},
		{name: "a portal's meta refresh", status: 200, kind: html, body: "<meta http-equiv='refresh' content='0;url=/login'>", fault: refused},
		{name: "a page that begins with words", status: 200, kind: html, body: "Loading\u2026 <html><body onload='go()'>", fault: refused},
		{name: "a page called text", status: 200, kind: "text/plain", body: "<html><title>Parked</title>", fault: refused},
		{name: "a page called JSON", status: 200, kind: "application/json", body: "<!doctype html><title>Parked</title>", fault: refused},
		{name: "a page in UTF-16", status: 200, kind: "text/html; charset=utf-16le", body: wide("<html><title>Login</title>"), fault: refused},
		{name: "a page in UTF-16 with a mark", status: 200, kind: "text/plain", body: "\xff\xfe" + wide("<html><title>Login</title>"), fault: refused},
		{name: "a page behind a byte order mark", status: 200, kind: html, body: "\xef\xbb\xbf<html><title>Login</title>", fault: refused},
		{name: "a page in gzip", status: 200, kind: html, body: packed.String(), header: map[string]string{"Content-Encoding": "gzip"}, fault: refused},
		{name: "a page in a compression nobody asked for", status: 200, kind: html, body: "\x1b\x03\x00\xf8\x8d\x94\x02\x01\x00\x07", header: map[string]string{"Content-Encoding": "br"}, fault: refused},
		{name: "a page of 100 MB", status: 200, kind: html, body: "<html>" + strings.Repeat("x", 1000), fault: refused, header: map[string]string{"X-Repeat": "100000"}},
		{name: "a gzip that is none", status: 200, kind: html, body: "<html>", header: map[string]string{"Content-Encoding": "gzip"}, fault: refused},
		{name: "a redirect to a sign-in", status: 302, body: "", header: map[string]string{"Location": "https://login.example.com/?next=" + canary}, fault: refused},

		{name: "the flow run failed", status: 202, kind: "text/plain", body: "Error: the flow run failed", fault: failed},
		{name: "JSON with an error", status: 202, kind: "application/json", body: `{"error":{"code":"ActionFailed","message":"An action failed. No dependent actions succeeded."}}`, fault: failed},
		{name: "JSON that says no", status: 200, kind: "application/json", body: `{"ok":false,"error":"channel_not_found"}`},
		{name: "JSend's error", status: 200, kind: "application/json", body: `{"status":"error","message":"no such room"}`},
		{name: "an error beside a success", status: 200, kind: "application/json", body: `{"success":true,"error":{"code":5}}`},
		{name: "a list of errors", status: 200, kind: "application/json", body: `{"errors":[{"message":"no"}],"data":null}`},
		{name: "a status inside of another", status: 200, kind: "application/json", body: `{"statusCode":503,"message":"The service is unavailable."}`, fault: failed},

		{name: "an empty list", status: 200, kind: "application/json", body: `[]`, foreign: true},
		{name: "JSON that breaks off", status: 200, kind: "application/json", body: `{"id":"1","name":"spaces/S","event_id":"$e","success":true,"result":"succ`, foreign: true},
		{name: "an empty 200 from a bucket", status: 200, kind: "application/xml", body: `<?xml version="1.0"?><ListBucketResult/>`, foreign: true},
		{name: "somebody's greeting", status: 200, kind: "text/plain", body: "It works!", foreign: true},
		{name: "okay, but", status: 200, kind: "text/plain", body: "ok, but the room is gone", foreign: true},
		{name: "a number of things", status: 200, kind: "text/plain", body: "1 error", foreign: true},
		{name: "an identifier of something else", status: 200, kind: "application/json", body: `{"requestId":"1","path":"/x"}`, foreign: true},
		{name: "deep JSON", status: 200, kind: "application/json", body: strings.Repeat(`{"id":`, 80_000), foreign: true},
	}
}

const signIn = "<!-- Copyright (C) Microsoft Corporation. All rights reserved. -->\n<!DOCTYPE html>\n<html dir=\"ltr\"><head><title>Sign in to your account</title>"

// wide is a text in UTF-16.
func wide(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
		b.WriteByte(0)
	}
	return b.String()
}

// TestHostileAnswersAreNoSuccess over real connections, in every type and payload.
func TestHostileAnswersAreNoSuccess(t *testing.T) {
	var current atomic.Pointer[nonAnswer]
	server := web(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		now := current.Load()
		for name, value := range now.header {
			w.Header().Set(name, value)
		}
		w.Header()["Content-Type"] = nil
		if now.kind != "" {
			w.Header().Set("Content-Type", now.kind)
		}
		w.WriteHeader(now.status)
		if _, err := io.WriteString(w, now.body); err != nil || now.header["X-Repeat"] == "" {
			return
		}
		for range 100_000 {
			if _, err := io.WriteString(w, now.body); err != nil {
				return
			}
		}
	})
	for _, typ := range systems.All() {
		for _, form := range typ.Forms {
			c := open(t, typ.Name, server.URL+"/"+canary, func(s *Spec) {
				for _, setting := range typ.Settings {
					current, has := typ.Setting(setting.Name, form.Name)
					switch {
					case !has, !current.Required, setting.Kind == chat.Web:
					case current.Secret:
						s.Settings.Set(setting.Name, canary)
					default:
						s.Settings.Set(setting.Name, "room")
					}
				}
				s.Settings.Set("payload", form.Name)
			})
			for _, now := range nonAnswers(t) {
				current.Store(&now)
				if now.foreign && typ.Name == "webhook" {
					continue
				}
				t.Run(typ.Name+" "+form.Name+" "+now.name, func(t *testing.T) {
					o := c.Send(t.Context(), someDelivery(t, 10))
					keepsQuiet(t, o)
					if good(o.Verdict) || o.Detail == "" {
						t.Errorf("%q is read as %s (%q)", now.body[:min(80, len(now.body))], o.Verdict, o.Detail)
					}
					if now.fault == refused && o.Verdict != refused {
						t.Errorf("the endpoint is at fault, and the verdict is %s (%q)", o.Verdict, o.Detail)
					}
					if _, own := typ.Setting("answer", form.Name); own && now.fault != "" && o.Verdict != now.fault {
						t.Errorf("read as %s (%q), want %s", o.Verdict, o.Detail, now.fault)
					}
				})
			}
		}
	}
}

func good(v delivery.Verdict) bool { return v == delivered || v == accepted }

// TestWhatOthersWriteCountsWhenItIsPlain: a flow with a Response action and an
// application of one's own say it in words of their own.
func TestWhatOthersWriteCountsWhenItIsPlain(t *testing.T) {
	for _, tt := range []struct {
		typ, kind, body, answer string
		want                    delivery.Verdict
	}{
		{typ: "teams", want: accepted},
		{typ: "teams", body: "{}", want: accepted},
		{typ: "teams", body: "OK", want: accepted},
		{typ: "teams", body: `"posted"`, want: accepted},
		{typ: "teams", body: `{"status":"Success"}`, want: accepted},
		{typ: "teams", body: `{"statusCode":200,"error":null}`, want: accepted},
		{typ: "teams", body: `{"id":"17","messageId":"1724","messageLink":"https://teams.microsoft.com/l/message"}`, want: accepted},
		{typ: "teams", body: `{"text":"Karte ist da"}`, want: refused},
		{typ: "teams", body: `{"text":"Karte ist da"}`, answer: "ist da", want: delivered},
		{typ: "teams", body: `{"statusCode":429,"message":"Rate limit is exceeded."}`, want: throttled},
		{typ: "webhook", body: "anything", want: delivered},
		{typ: "webhook", kind: "text/html", body: "OK", want: delivered},
		{typ: "webhook", kind: "text/html", body: `{"text":"<b>kept</b>","ok":true}`, want: delivered},
		{typ: "webhook", kind: "text/xml", body: "<Response/>", want: delivered},
		{typ: "webhook", body: `{"errors":[],"error":"","err":null,"success":true}`, want: delivered},
		{typ: "webhook", kind: "text/html", body: "<html><body>Thank you", want: refused},
		{typ: "webhook", kind: "text/html", body: "<html><body>Thank you", answer: "Thank you", want: delivered},
		{typ: "office365", body: "1", want: delivered},
		{typ: "office365", body: `{"version":"1.1","content":{"headers":[]},"statusCode":200,"reasonPhrase":"OK","requestMessage":null,"isSuccessStatusCode":true}`, want: delivered},
		{typ: "office365", body: `{"statusCode":500,"isSuccessStatusCode":false}`, want: refused},
	} {
		t.Run(tt.typ+" "+tt.body, func(t *testing.T) {
			a := answer.Answer{Status: 200, Body: []byte(tt.body), Header: http.Header{"Content-Type": {tt.kind}}, Complete: true}
			c := open(t, tt.typ, "https://chat.example.com")
			c.spec.Settings.Set("answer", tt.answer)
			if got := c.read(a); got.Verdict != tt.want {
				t.Errorf("read as %s (%s), want %s", got.Verdict, got.Detail, tt.want)
			}
		})
	}
}

// TestNoPageIsAboutACard: a proxy's error must not make a dead letter of each card. An
// application of one's own may write its errors as pages.
func TestNoPageIsAboutACard(t *testing.T) {
	a := answer.Answer{
		Status: 400, Header: http.Header{"Content-Type": {"text/html"}}, Complete: true,
		Body: []byte("<html><title>400 The plain HTTP request was sent to HTTPS port</title>"),
	}
	for _, typ := range systems.All() {
		for _, form := range typ.Forms {
			want := refused
			if typ.Name == "webhook" {
				want = rejected
			}
			if got := (&Channel{form: form}).read(a); got.Verdict != want {
				t.Errorf("%s reads it as %s, want %s", typ.Name, got.Verdict, want)
			}
		}
	}
}
