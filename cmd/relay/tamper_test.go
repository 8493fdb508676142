package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const tamperConfig = `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "room" {
  type = "office365"
  url  = "%s/office365/room"
  rate = "2000/s"
  retry {
    first   = "20ms"
    longest = "50ms"
  }
}
connector "webhook" "ci" {
  route { to = [channel.room] }
}
`

// TestNothingIsAcceptedOnceTheStoreIsTamperedWith does to a running relay's store what
// careless hands do, under load. What was accepted before has to arrive; after it, no
// sender gets a 2xx, and everybody who asks hears why.
func TestNothingIsAcceptedOnceTheStoreIsTamperedWith(t *testing.T) {
	for name, tamper := range map[string]func(file string) error{
		"removed":      os.Remove,
		"moved away":   func(file string) error { return os.Rename(file, file+"-away") },
		"replaced":     replaceFile,
		"log removed":  func(file string) error { return os.Remove(file + "-wal") },
		"cut off":      func(file string) error { return os.Truncate(file, 8192) },
		"index erased": func(file string) error { return os.Remove(file + "-shm") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newChat(t)
			config := writeConfig(t, fmt.Sprintf(tamperConfig, c.server.URL))
			file := filepath.Join(filepath.Dir(config), "relay.db")
			p := startRelay(t, config)
			hook := p.hook("ci")
			posts := newPosters([]string{"room"})
			posts.hooks["room"] = hook
			posts.run()
			p.eventually("cards arrive", func() bool { return len(c.cards("room")) > 20 })
			if err := tamper(file); err != nil {
				t.Fatal(err)
			}
			p.eventually("hooks answer 503 and when to come back", func() bool {
				resp, err := http.Post(hook, "application/json", strings.NewReader(`{"text":"late"}`))
				if err != nil {
					return false
				}
				defer resp.Body.Close()
				_, _ = io.Copy(io.Discard, resp.Body)
				return resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != ""
			})
			accepted := posts.stop()["room"]
			p.eventually("what was accepted arrives", func() bool {
				n := 0
				for _, title := range distinct(c.cards("room")) {
					if strings.HasPrefix(title, "room-card-") {
						n++
					}
				}
				return n >= accepted
			})
			if out, errOut, _ := p.run("status"); !strings.Contains(out, "while the relay ran") || strings.Contains(out, "All is well") {
				t.Errorf("status says %s%s", out, errOut)
			}
			status, err := p.client.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.Get("http://" + status.Dashboard + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("/readyz answers %s", resp.Status)
			}
			if !strings.Contains(p.log.String(), "relay store restore") {
				t.Errorf("the log does not say what to do:\n%s", tail(p.log.String()))
			}
		})
	}
}

func replaceFile(file string) error {
	if err := os.WriteFile(file+"-new", nil, 0o600); err != nil {
		return err
	}
	return os.Rename(file+"-new", file)
}
