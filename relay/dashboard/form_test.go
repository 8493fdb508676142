package dashboard

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/picture"
)

func empty(t *testing.T) *Dashboard {
	t.Helper()
	d, err := New(Options{Pictures: picture.NewProxy(picture.ProxyOptions{}), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func post(h http.Handler, form url.Values) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// TestAChangeSaysOnceWhatItCameTo: after a change comes another page, which says it, and
// when it is loaded again no longer.
func TestAChangeSaysOnceWhatItCameTo(t *testing.T) {
	d := empty(t)
	resp := post(d.serve(func(*http.Request) (answer, error) { return seeOther("/after", "<b>All</b> is well, Ada."), nil }), nil)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/after" || len(resp.Cookies()) != 1 {
		t.Fatalf("%d to %s with %d cookies", resp.StatusCode, resp.Header.Get("Location"), len(resp.Cookies()))
	}
	cookie := resp.Cookies()[0]
	for _, shown := range []bool{true, false} {
		r := httptest.NewRequest(http.MethodGet, "/after", nil)
		if cookie != nil && cookie.MaxAge >= 0 {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		d.serve(func(*http.Request) (answer, error) { return nil, operator.ErrNotFound }).ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "&lt;b&gt;All&lt;/b&gt; is well, Ada.") != shown {
			t.Errorf("shown the first time: %v\n%s", shown, w.Body)
		}
		if shown {
			cookie = w.Result().Cookies()[0]
		}
	}
}

// TestAFormIsBounded: whoever posts more than a form holds is told so, and nothing is done.
func TestAFormIsBounded(t *testing.T) {
	done := false
	h := empty(t).serve(func(*http.Request) (answer, error) { done = true; return seeOther("/", ""), nil })
	resp := post(h, url.Values{"text": {strings.Repeat("x", maxForm)}})
	if resp.StatusCode != http.StatusRequestEntityTooLarge || done {
		t.Errorf("status %d, done: %v", resp.StatusCode, done)
	}
}

// TestWhatARelayRefusesIsAPage gives each meaning of an error its status, and shows only
// errors that are about the request.
func TestWhatARelayRefusesIsAPage(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		says   string
	}{
		{operator.ErrNotFound, 404, "no such page"},
		{operator.ErrForbidden, 403, "may not"},
		{operator.ErrConflict, 409, "Somebody else"},
		{operator.ErrBusy, 503, "moment"},
		{operator.ErrInvalid, 422, "cannot be done"},
		{io.ErrUnexpectedEOF, 500, "log says what"},
	} {
		resp := post(empty(t).serve(func(*http.Request) (answer, error) { return nil, test.err }), nil)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != test.status || !strings.Contains(string(body), test.says) || strings.Contains(string(body), "EOF") {
			t.Errorf("%v: %d\n%s", test.err, resp.StatusCode, body)
		}
	}
}
