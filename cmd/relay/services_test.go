package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// services is a place at which GitHub, Trello, Azure DevOps and X answer, each with
// what has happened there so far.
type services struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]string
}

func newServices(t *testing.T) *services {
	s := &services{answers: make(map[string]string)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		answer, ok := s.answers[r.Method+" "+r.URL.Path]
		if !ok || r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusNotFound)
			answer = "{}"
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *services) say(path, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer
}

const servicesConfig = `
relay {
  listen     = "127.0.0.1:0"
  public_url = "https://relay.example.com"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "polled" { type = "inbox" }
channel "pushed" { type = "inbox" }
channel "shipped" { type = "inbox" }
connector "github" "polled" {
  repository = "acme/relay"
  token      = "canary-github"
  api        = %[1]q
  route { to = [channel.polled] }
}
connector "github" "pushed" {
  repository = "acme/relay"
  secret     = "canary-hook"
  api        = %[1]q
  route {
    when = event.kind == "release" && !event.data.release.prerelease
    to   = [channel.shipped]
    card {
      title = "Shipped: ${event.card.title}"
      fact "Tag" { value = event.data.release.tag_name }
    }
  }
  route {
    when = event.kind == "push"
    to   = [channel.pushed]
  }
}
connector "trello" "board" {
  board  = "b0ard"
  key    = "key"
  token  = "canary-trello"
  secret = "canary-power"
  api    = %[1]q
  route { to = [channel.pushed] }
}
connector "azuredevops" "builds" {
  url      = "%[1]s/acme"
  project  = "Relay"
  token    = "canary-devops"
  username = "hooks"
  password = "canary-password"
  poll     = ["builds"]
  route { to = [channel.polled] }
}
connector "x" "ada" {
  users = ["ada"]
  token = "canary-x"
  api   = %[1]q
  route { to = [channel.polled] }
}
`

// TestEveryServiceReachesItsChannels runs each connector as the process it is,
// against a server that answers as its service does, and drives both ways in.
func TestEveryServiceReachesItsChannels(t *testing.T) {
	s := newServices(t)
	s.say("GET /repos/acme/relay/events", `[]`)
	s.say("GET /1/boards/b0ard", `{"id":"b0ard"}`)
	s.say("GET /1/tokens/canary-trello/webhooks", `[]`)
	s.say("POST /1/webhooks", `{"id":"hook1","active":true}`)
	s.say("GET /1/webhooks/hook1", `{"id":"hook1","active":false}`)
	s.say("DELETE /1/webhooks/hook1", `{}`)
	s.say("GET /1/boards/b0ard/actions", `[]`)
	s.say("GET /acme/_apis/projects/Relay", `{}`)
	s.say("GET /acme/Relay/_apis/build/builds", `{"value":[]}`)
	s.say("GET /2/users/by", `{"data":[{"id":"1","username":"ada"}]}`)
	s.say("GET /2/users/1/tweets", `{}`)
	p := startRelay(t, writeConfig(t, fmt.Sprintf(servicesConfig, s.URL)))
	p.eventually("all connectors are well", func() bool {
		list, err := p.client.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		well := 0
		for _, c := range list {
			if c.Health == "ok" {
				well++
			}
		}
		return well == len(list)
	})

	now := time.Now().Add(10 * time.Minute).UTC().Format(time.RFC3339)
	s.say("GET /repos/acme/relay/events", `[{"id":"7","type":"WatchEvent","actor":{"login":"ada"},"repo":{"name":"acme/relay"},"payload":{"action":"started"}}]`)
	s.say("GET /acme/Relay/_apis/build/builds", `{"value":[{"id":3,"buildNumber":"b3","result":"failed","finishTime":"`+now+`","definition":{"name":"CI"}}]}`)
	s.say("GET /2/users/1/tweets", `{"data":[{"id":"70","text":"Out now","author_id":"1"}],"includes":{"users":[{"id":"1","name":"Ada","username":"ada"}]}}`)
	for _, name := range []string{"polled", "builds", "ada"} {
		if _, errOut, err := p.run("poll", name); err != nil {
			t.Errorf("relay poll %s: %v\n%s", name, err, errOut)
		}
	}
	p.shows("polled", "ada starred the repository", "CI b3 failed", "Ada posted")

	hooks := hooksOf(p)
	local := func(name string) string {
		status, err := p.client.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(hooks[name], "https://relay.example.com", "http://"+status.Listen, 1)
	}
	github := func(event, body string) {
		t.Helper()
		p.push(local("pushed"), body, http.Header{
			"X-Github-Event": {event}, "X-Github-Delivery": {event}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(sign(sha256.New, "canary-hook", body))},
		})
	}
	github("push", `{"ref":"refs/heads/main","sender":{"login":"ada"},"commits":[{"id":"7fd1a60b","message":"Fix"}]}`)
	github("release", `{"action":"published","sender":{"login":"ada"},"release":{"tag_name":"v1","name":"1.0","prerelease":false}}`)
	action := `{"action":{"id":"ffffffff0000000000000001","type":"commentCard","memberCreator":{"fullName":"Ada"},"data":{"text":"Done?","card":{"name":"Parser"}}}}`
	p.push(local("board"), action, http.Header{"X-Trello-Webhook": {base64.StdEncoding.EncodeToString(sign(sha1.New, "canary-power", action+hooks["board"]))}})
	basic := &http.Request{Header: http.Header{}}
	basic.SetBasicAuth("hooks", "canary-password")
	p.push(local("builds"), `{"id":"e","eventType":"build.complete","resource":{"id":4,"buildNumber":"b4","result":"succeeded","definition":{"name":"CI"}}}`, basic.Header)
	p.shows("pushed", "ada pushed 1 commit to main", "Ada commented on Parser")
	p.shows("shipped", "Shipped: ada published release 1.0")
	p.shows("polled", "ada starred the repository", "CI b3 failed", "Ada posted", "CI b4 succeeded")

	out, errOut, err := p.run("status")
	if err != nil || !strings.Contains(out, "connector ada: 1 of 1000 posts read in") {
		t.Errorf("relay status: %v\n%s%s", err, out, errOut)
	}
	if strings.Contains(p.log.String()+out, "canary") {
		t.Errorf("a secret is shown:\n%s%s", p.log, out)
	}
	p.stop()
}

// sign makes a keyed hash of a text.
func sign(of func() hash.Hash, key, text string) []byte {
	mac := hmac.New(of, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// push posts to a hook as a service does, and wants it accepted.
func (p *process) push(url, body string, header http.Header) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p.t.Errorf("the hook answered %s", resp.Status)
	}
}

// shows waits until a channel has these cards, in this order and no others.
func (p *process) shows(channel string, titles ...string) {
	p.t.Helper()
	want := strings.Join(titles, "; ")
	var got string
	p.eventually(channel+" has its cards", func() bool {
		list, err := p.client.Deliveries(p.t.Context(), store.Filter{Channel: channel})
		if err != nil {
			p.t.Fatal(err)
		}
		var all []string
		for _, d := range list {
			all = append([]string{d.Title}, all...)
		}
		got = strings.Join(all, "; ")
		return len(list) >= len(titles)
	})
	if got != want {
		p.t.Errorf("%s shows %q, want %q", channel, got, want)
	}
}
