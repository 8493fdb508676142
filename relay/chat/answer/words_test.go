package answer

import (
	"net/http"
	"strings"
	"testing"
)

// TestErrorsInsideOfErrors are read as far as anybody nests them; the time limit of
// the test is what fails one that is read to the bottom.
func TestErrorsInsideOfErrors(t *testing.T) {
	deep := strings.Repeat(`{"error":`, 60_000) + `"x"` + strings.Repeat("}", 60_000)
	a := Answer{Status: 400, Header: http.Header{}, Body: []byte(deep)}
	for range 10 {
		_ = a.words()
	}
	a.Body = []byte(`{"error":{"error":{"code":"Bad","message":"card"}}}`)
	if got := a.words(); got != "Bad: card" {
		t.Errorf("the words are %q", got)
	}
}
