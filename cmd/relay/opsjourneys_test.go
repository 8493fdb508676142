package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestOpsMendWhatIsWrong goes the ways of somebody who keeps the relay running, from what
// the overview says to what is well again.
func TestOpsMendWhatIsWrong(t *testing.T) {
	p := livedIn(t)
	b, address := startBrowser(t), p.dashboard()
	t.Run("a paused channel", func(t *testing.T) {
		for _, l := range []look{desktop(), phone()} {
			if _, errOut, err := p.run("pause", "dev", "--reason", "we are moving house"); err != nil {
				t.Fatal(errOut)
			}
			w := b.open(t, l, address)
			w.reads("Needs attention", "Channel dev is paused: we are moving house")
			w.press("Channel dev")
			w.lands("/channels/dev")
			if !l.phone { // nothing waits any longer
				w.press("Waiting, in order")
				w.reads("Release 1.0 from ci")
			}
			w.press("Resume")
			w.reads("The channel is resumed")
			w.goes(l, "Overview")
			w.lands("/")
			if strings.Contains(w.text(), "Channel dev is paused") {
				t.Error("the overview still says that the channel is paused")
			}
		}
		p.eventually("what waited has arrived", func() bool { return len(p.chat.shown("dev")) == 2 })
	})
	t.Run("dead letters", func(t *testing.T) {
		w := b.open(t, desktop(), address)
		w.reads("2 dead letters")
		w.press("Dead letters")
		w.lands("/dead-letters")
		w.fill("Text", "RELEASE 1")
		w.press("Show")
		w.reads("Release 1.0")
		w.eventually("the others are not shown", func() bool { return !strings.Contains(w.text(), "Pictures") })
		p.chat.trouble("releases", func(int) string { return "" })
		w.press("Replay…")
		w.reads("Replay 1 dead letter?")
		w.press("Replay")
		w.reads("1 card waits again", "Pictures")
		p.eventually("what was replayed has arrived", func() bool { return strings.Join(p.chat.shown("releases"), " ") == "Release 1.0" })

		w.visit("/dead-letters")
		w.tick("Choose Pictures")
		// A tick survives news.
		looked := ask[int](w, `performance.getEntriesByName(location.href, "resource").length`)
		if !postCard(http.DefaultClient, p.hook("ci"), "More") {
			t.Fatal("the card was not accepted")
		}
		w.eventually("the page has looked again", func() bool {
			return ask[int](w, `performance.getEntriesByName(location.href, "resource").length`) > looked
		})
		w.press("Replay selected")
		w.reads("No dead letters: every card has arrived or still waits")
		p.eventually("the other one has arrived", func() bool { return len(p.chat.shown("releases")) == 3 })
	})
	t.Run("an event's way", func(t *testing.T) {
		w := b.open(t, phone(), address+"/connectors/ci")
		w.press("Release 1.0")
		w.reads("What happened", "Accepted", "Route 1 took it to lobby, releases, dev", "rejected", "HTTP 400", "Bad payload received", "delivered")
		w.press("The source's own data")
	})
	t.Run("noise", func(t *testing.T) {
		w := b.open(t, desktop(), address+"/channels/lobby")
		w.press("Mute…")
		w.lands("/mutes")
		w.choose("For", "until the time below")
		w.press("Mute")
		w.reads("say until when")
		w.choose("For", "a day")
		w.fill("Why", "we have seen enough")
		w.press("Mute")
		w.reads("Muted: channel lobby.", "we have seen enough")
		if !postCard(http.DefaultClient, p.hook("picky"), "Wanted") {
			t.Fatal("the card was not accepted")
		}
		w.visit("/connectors/picky")
		w.press("Wanted")
		w.reads("Channel lobby is muted by local operator", "it goes to no channel")
		w.visit("/channels/lobby")
		w.press("Mutes")
		w.lands("/mutes")
		w.press("Unmute") // the one that ends first
		w.reads("The mute has ended")
	})
	t.Run("a change of the configuration", func(t *testing.T) {
		w := b.open(t, desktop(), address+"/configuration")
		before, err := os.ReadFile(p.config)
		if err != nil {
			t.Fatal(err)
		}
		write := func(more string) {
			if err := os.WriteFile(p.config, append(before, more...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(`channel "annex" {`)
		w.press("What would a reload change?")
		w.reads("The files have mistakes")
		write(`channel "annex" { type = "inbox" }`)
		w.visit("/configuration/changes")
		w.reads("channel annex")
		w.press("Reload now")
		w.reads("Reloaded: 1 change")
		w.goes(desktop(), "Channels")
		w.press("annex")
		w.reads("No card yet")
		w.press("Send a test card")
		w.reads("A test card is on its way to annex", "delivered")
	})
	t.Run("the playground", func(t *testing.T) {
		w := b.open(t, desktop(), address+"/playground")
		w.fill("Body", `{"text": "It is *new*", "sections": [{"facts": [{"name": "Tag", "value": "v2"}]}]}`)
		w.press("Show it")
		w.reads("It is new", "teams message", "slack", "matrix")
		w.fill("Body", `{"text": }`)
		w.press("Show it")
		w.reads("A hook would refuse this")
		w.press("A route")
		w.choose("Connector", "picky")
		w.fill("Route", "route {\n  when = event.card.title == \"Wanted\"\n  to = [channel.lobby]\n  card { title = \"Here: ${event.card.title}\" }\n}")
		w.press("Try it")
		w.reads("matches", "Here: Wanted", "does not match", "Not wanted")
	})
	t.Run("a token, and what the audit log says", func(t *testing.T) {
		w := b.open(t, phone(), address+"/tokens")
		w.fill("Name", "ci")
		w.press("Create")
		w.reads("It is not shown again")
		token := ask[string](w, `document.getElementById("secret").value`)
		status := func() int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1/channels", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		if got := status(); got != http.StatusOK {
			t.Errorf("the token is answered with %d", got)
		}
		w.press("I have copied it")
		w.press("Revoke")
		w.reads("There is no token")
		if got := status(); got != http.StatusUnauthorized {
			t.Errorf("the token that was revoked is answered with %d", got)
		}
		w.goes(phone(), "Audit log")
		w.fill("Subject", "token ci")
		w.press("Show")
		w.reads("create token token ci", "revoke token token ci")
		if strings.Contains(w.text(), token) || strings.Contains(p.log.String(), token) {
			t.Error("a token is shown where it must not be")
		}
	})
	t.Run("news on an open page", func(t *testing.T) {
		w := b.open(t, phone().inDark(), address)
		w.reads("Channels")
		if strings.Contains(w.text(), "1 dead letter") {
			t.Error("there are no dead letters, and the page speaks of them")
		}
		p.chat.trouble("releases", func(int) string { return troubleBadCard })
		if !postCard(http.DefaultClient, p.hook("ci"), "Broken again") {
			t.Fatal("the card was not accepted")
		}
		w.reads("1 dead letter", "Broken again")
	})
}

// goes follows a link of the navigation, which a phone unfolds first.
func (w *window) goes(l look, name string) {
	w.t.Helper()
	if l.phone {
		w.press("Pages")
	}
	w.press(name)
}
