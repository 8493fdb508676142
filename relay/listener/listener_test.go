package listener

import (
	"bufio"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/logs"
	"github.com/connector-relay/relay/relay/secret"
)

// TestWhatAServerHasToSayIsInTheLog: what net/http reports by itself, such as a request
// that panicked, is a line of the log like others, with secrets masked.
func TestWhatAServerHasToSayIsInTheLog(t *testing.T) {
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	masker := &secret.Masker{}
	masker.Keep("test", secret.New("hush-hush-hush"))
	w := logs.New(out, masker.Mask)
	l := New(w.Logger)
	commit, _, err := l.Prepare([]Opening{{Purpose: "hooks", Address: "127.0.0.1:0", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("the token is hush-hush-hush")
	})}})
	if err != nil {
		t.Fatal(err)
	}
	commit()
	if res, err := http.Get("http://" + l.Address("hooks")); err == nil {
		res.Body.Close()
		t.Fatalf("the request was answered: %s", res.Status)
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Close()
	out.Close()
	told := false
	for s := bufio.NewScanner(r); s.Scan(); {
		line := s.Text()
		told = told || strings.HasPrefix(line, `{"level":"warn"`) && strings.Contains(line, "panic serving")
		if strings.Contains(line, "hush-hush-hush") {
			t.Errorf("a secret is in the log: %s", line)
		}
	}
	if !told {
		t.Error("the log says nothing of the panic")
	}
}
