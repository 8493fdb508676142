package connector

import (
	"net/http"
	"testing"
)

func TestRequestsAreKnownByTheNamesThatServicesGiveThem(t *testing.T) {
	for _, test := range []struct {
		name          string
		header        http.Header
		want, value   string
		wantExclusive bool
	}{
		{"none", http.Header{"X-Request-Id": {"1"}}, "", "", false},
		{"blank", http.Header{"Idempotency-Key": {" "}}, "", "", false},
		{"made for it", http.Header{"X-Github-Delivery": {"1"}, "Idempotency-Key": {" 2 "}}, "idempotency-key", "2", true},
		{"a service's own", http.Header{"X-Github-Delivery": {"1"}}, "x-github-delivery", "1", false},
		{"Gitea's, which imitates GitHub", http.Header{"X-Github-Delivery": {"1"}, "X-Gitea-Delivery": {"2"}}, "x-gitea-delivery", "2", false},
	} {
		header, value, exclusive := RequestName(test.header)
		if header != test.want || value != test.value || exclusive != test.wantExclusive {
			t.Errorf("%s: %q %q %v", test.name, header, value, exclusive)
		}
	}
}
