package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/connector-relay/relay/relay/card"
)

// chatServer is a chat system that behaves like Teams, in its old form (/office365/X:
// Connector Cards, the answer "1") and in its new one (/workflow/X: an envelope
// with an Adaptive Card, a 202 without a body).
type chatServer struct {
	server *httptest.Server
	mu     sync.Mutex
	rooms  map[string]*room
}

// room is one channel of the chat system: what was posted, and how it misbehaves.
type room struct {
	// titles are the cards it showed, in order.
	titles []string
	// bodies are the raw requests it showed.
	bodies []string
	// trouble chooses how to answer the n-th request instead; "" means well.
	trouble func(n int) string
	seen    int
	// unread counts cards that were shown although their answer never left.
	unread int
}

// The ways in which a room can misbehave.
const (
	troubleReset   = "reset"        // takes the card, then resets the connection
	troubleDrop    = "drop"         // resets before it has taken anything
	trouble429     = "429"          // asks for patience
	trouble500     = "500"          // fails
	trouble200     = "200 with 429" // the old connectors' way of throttling
	trouble200Fail = "200 with 500" // and of failing
	troubleSlow    = "slow"         // answers after a while
	troubleGone    = "410"          // is gone
	troubleBadCard = "400"          // does not like the card
	troubleSchema  = "schema"       // takes bare Adaptive Cards only, and says so
)

func newChat(t testing.TB) *chatServer {
	c := &chatServer{rooms: make(map[string]*room)}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	return c
}

// room returns a room, made at first sight.
func (c *chatServer) room(name string) *room {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rooms[name] == nil {
		c.rooms[name] = &room{}
	}
	return c.rooms[name]
}

// trouble makes a room misbehave.
func (c *chatServer) trouble(name string, f func(n int) string) {
	r := c.room(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	r.trouble = f
}

// shown returns the titles a room has shown, in order.
func (c *chatServer) shown(name string) []string {
	r := c.room(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), r.titles...)
}

// cards returns the titles of the cards a room has shown, in order, those in digests
// too.
func (c *chatServer) cards(name string) []string {
	r := c.room(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for i, title := range r.titles {
		digest, err := card.Parse([]byte(r.bodies[i]))
		if err != nil || !strings.Contains(title, " cards from ") {
			list = append(list, title)
			continue
		}
		for line := range strings.Lines(digest.Text) {
			headline, _, _ := strings.Cut(strings.TrimPrefix(line, "- "), " · ")
			list = append(list, headline)
		}
	}
	return list
}

// ServeHTTP takes a card.
func (c *chatServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	kind, name, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	r := c.room(name)
	c.mu.Lock()
	how := ""
	if r.trouble != nil {
		how = r.trouble(r.seen)
	}
	r.seen++
	c.mu.Unlock()
	if c.misbehave(w, r, how, body) {
		return
	}
	err = c.show(r, body)
	if kind == "workflow" {
		w.WriteHeader(http.StatusAccepted) // before it has looked at the card
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(w, "1")
}

// misbehave answers in a room's bad way and reports whether it did.
func (c *chatServer) misbehave(w http.ResponseWriter, r *room, how string, body []byte) bool {
	const wrapped = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId tcid=0,server=X,cv=Y.."
	switch how {
	case "":
		return false
	case troubleSlow:
		<-afterSlow()
		return false
	case troubleReset:
		c.mu.Lock()
		r.unread++
		c.mu.Unlock()
		_ = c.show(r, body)
		reset(w)
	case troubleDrop:
		reset(w)
	case trouble429:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case trouble500:
		w.WriteHeader(http.StatusInternalServerError)
	case trouble200:
		fmt.Fprintf(w, wrapped, 429)
	case trouble200Fail:
		fmt.Fprintf(w, wrapped, 500)
	case troubleGone:
		w.WriteHeader(http.StatusGone)
	case troubleSchema:
		if strings.Contains(string(body), `"type":"AdaptiveCard"`) && !strings.Contains(string(body), `"attachments"`) {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":"TriggerInputSchemaMismatch","message":"The input body for trigger 'manual' did not match its schema."}}`)
	case troubleBadCard:
		http.Error(w, "Bad payload received by generic incoming webhook.", http.StatusBadRequest)
	}
	return true
}

// reset ends the connection so that the client sees a reset and no answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// show keeps a card as shown.
func (c *chatServer) show(r *room, body []byte) error {
	title, err := titleOf(body)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.titles = append(r.titles, title)
	r.bodies = append(r.bodies, string(body))
	return nil
}

// titleOf reads the title of a Connector Card or of the Adaptive Card in a
// Workflow's envelope.
func titleOf(body []byte) (string, error) {
	var envelope struct {
		Attachments []struct {
			Content struct {
				Body []struct {
					Text string `json:"text"`
				} `json:"body"`
			} `json:"content"`
		} `json:"attachments"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return "", err
	}
	if len(envelope.Attachments) == 1 {
		if blocks := envelope.Attachments[0].Content.Body; len(blocks) > 0 {
			return blocks[0].Text, nil
		}
		return "", fmt.Errorf("an Adaptive Card without a body")
	}
	c, err := card.Parse(body)
	if err == nil && c.Headline() == "" {
		err = fmt.Errorf("no card that it knows")
	}
	return c.Headline(), err
}
