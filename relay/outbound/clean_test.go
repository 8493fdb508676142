package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
)

func TestCleanErrorHidesWhatURLsHide(t *testing.T) {
	const secret = "s3cr3t"
	inner := errors.New("connection refused")
	get := &url.Error{Op: "Get", URL: "https://user@hooks.example/" + secret + `"q?token=` + secret, Err: inner}
	_, bad := url.Parse(fmt.Sprintf("https://user:%s/x@hooks.example/", secret))
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"plain":   {get, `Get "https://hooks.example": connection refused`},
		"wrapped": {fmt.Errorf("fetch %s: %w", get.URL, get), `fetch https://hooks.example: Get "https://hooks.example": connection refused`},
		"joined":  {errors.Join(errors.New("first"), fmt.Errorf("x: %w", get)), "first\nx: Get \"https://hooks.example\": connection refused"},
		"parse":   {fmt.Errorf("the address: %w", bad), `the address: parse "the URL": it is not valid`},
		"typed":   {&net.OpError{Op: "dial", Err: get}, `dial: Get "https://hooks.example": connection refused`},
		"other":   {inner, "connection refused"},
	} {
		got := CleanError(c.err)
		if got.Error() != c.want || strings.Contains(got.Error(), secret) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if name != "parse" && !errors.Is(got, inner) {
			t.Errorf("%s: the chain is broken", name)
		}
	}
	if CleanError(nil) != nil {
		t.Error("no error became one")
	}
}
