package plan_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/channel"
	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/chat/draft"
	"github.com/connector-relay/relay/relay/chat/markup"
	"github.com/connector-relay/relay/relay/chat/size"
	"github.com/connector-relay/relay/relay/delivery"
)

// semaphore is a chat system that no other part of the relay has heard of: what a folder
// of its own would hold.
func semaphore() chat.System {
	flags := chat.Form{
		Limits: size.Limits{
			size.Characters.AtMost(200, "the arms get tired"),
			size.AddressLength.AtMost(100, "the arms get tired"),
		},
		Write: func(d draft.Draft, w *chat.Writing) (draft.Written, error) {
			dialect := markup.PlainText()
			dialect.Mention = w.Mention(func(p chat.Person) string { return "~" + p.ID })
			said := dialect.Write(d.Document())
			body, err := card.JSON(map[string]string{"hill": w.Settings.Text("hill"), "said": said})
			return draft.Written{Body: body, Used: size.Used{size.Characters: len([]rune(said))}}, err
		},
		Read: func(a answer.Answer) answer.Reading {
			switch {
			case a.OK() && string(a.Body) == "seen":
				return a.Is(delivery.VerdictDelivered)
			case a.Status == http.StatusTeapot:
				return a.Because(delivery.VerdictRefused, "nobody is on the hill")
			}
			return a.ByStatus()
		},
		Address: func(url string, s chat.Settings) (string, error) {
			return chat.Server(url) + "/hills/" + s.Text("hill"), nil
		},
		Header: chat.Bearer,
	}
	return chat.System{
		Name: "semaphore", Summary: "Two flags on a hill.",
		Settings: []chat.Setting{
			chat.ServerURL(), chat.Token(),
			{Name: "hill", Kind: chat.Text, Required: true, Doc: "the hill to wave from", Allowed: []string{"north", "south"}},
		},
		Forms:  []chat.Form{flags},
		Rate:   chat.Rate{PerSecond: 0.1, Burst: 1, Source: "two arms"},
		Person: &chat.Identity{Pattern: regexp.MustCompile(`^[0-9]+$`), Doc: "it is the number on the jacket"},
	}
}

// parse reads a configuration for a relay that knows semaphore alone.
func parse(t *testing.T, text string) (*config.Config, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, diags := config.Parse(config.Options{Path: path, Systems: chat.Systems{semaphore()}})
	c, more := file.Decode(nil)
	var said strings.Builder
	if err := file.WriteDiagnostics(&said, append(diags, more...), 1000, false); err != nil {
		t.Fatal(err)
	}
	return c, said.String()
}

// TestANewSystemIsOneValue: the configuration reads its settings, and a channel brings a
// card to it, though nothing but the value was written for it.
func TestANewSystemIsOneValue(t *testing.T) {
	var posts []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		posts = append(posts, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", string(body)))
		_, _ = io.WriteString(w, "seen")
	}))
	defer server.Close()
	c, said := parse(t, fmt.Sprintf(`
		channel "coast" {
		  type  = "semaphore"
		  url   = %q
		  token = "the-password"
		  hill  = "north"
		}
		people "github" {
		  login "ada" { semaphore = "17" }
		}`, server.URL))
	if strings.Contains(said, "Error") {
		t.Fatal(said)
	}
	coast := c.Channels[0]
	ch, err := channel.New(channel.Spec{
		Name: coast.Name, System: coast.System, Settings: coast.Settings,
		People: func(_, login string) (chat.Person, bool) {
			p, ok := c.People["github"][login]
			return chat.Person{ID: p.IDs["semaphore"], Name: login}, ok
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	short := send(t, ch, "@ada has **landed**.")
	long := send(t, ch, strings.Repeat("word ", 500))
	want := `POST /hills/north Bearer the-password {"hill":"north","said":"Ship\n\n~17 has landed."}`
	if len(posts) != 2 || posts[0] != want {
		t.Errorf("posted %q, want first %s", posts, want)
	}
	if short.Verdict != delivery.VerdictDelivered || len(short.Omitted) != 0 {
		t.Errorf("the short card: %+v", short)
	}
	if long.Verdict != delivery.VerdictDelivered || len(long.Omitted) != 1 {
		t.Errorf("the long card: %+v", long)
	}
}

func send(t *testing.T, ch *channel.Channel, text string) delivery.Outcome {
	t.Helper()
	b, err := json.Marshal(map[string]string{"title": "Ship", "text": text})
	if err != nil {
		t.Fatal(err)
	}
	return ch.Send(t.Context(), delivery.Delivery{Channel: "coast", Connector: "harbour", Key: text[:4], Card: b})
}

// TestMistakesInANewSystemsBlockAreNamed from its settings alone.
func TestMistakesInANewSystemsBlockAreNamed(t *testing.T) {
	_, said := parse(t, `
		channel "one" {
		  type    = "semaphore"
		  url     = "https://hill.example.com"
		  hill    = "west"
		  payload = "flags"
		}
		channel "two" {
		  type  = "semaphore"
		  token = "x"
		}
		channel "three" { type = "slack" }
		people "github" {
		  login "ada" { semaphore = "Ada" }
		}`)
	for _, want := range []string{
		`A channel of type semaphore needs the attribute token, the key with which requests sign in.`,
		`The attribute hill cannot be "west"; it is "north" or "south".`,
		`A channel of type semaphore has only one payload.`,
		`A channel of type semaphore needs the attribute url, the address that its cards are posted to`,
		`A channel of type semaphore needs the attribute hill, the hill to wave from.`,
		`There is no channel type "slack". There are semaphore.`,
		`The attribute semaphore cannot be "Ada": it is the number on the jacket.`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}
