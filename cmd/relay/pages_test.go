package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestACardAppearsOnAnOpenPage opens the channel's page in a real Chromium, posts
// a card afterwards, and waits for it on the page. Nothing may be refused by the
// page's own security policy, and nothing in a card may run.
func TestACardAppearsOnAnOpenPage(t *testing.T) {
	p := startRelay(t, writeConfig(t, `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
`))
	w := startBrowser(t).open(t, desktop(), p.dashboard()+"/channels/lobby")
	w.reads("No card yet")
	if !postCard(http.DefaultClient, p.hook("ci"), "Posted while you watch") {
		t.Fatal("the card was not accepted")
	}
	w.reads("Posted while you watch")
	w.reads("delivered")

	hostile := `<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script> [click](javascript:document.title='run') Harmless`
	if !postCard(http.DefaultClient, p.hook("ci"), strings.ReplaceAll(hostile, `\"`, `"`)) {
		t.Fatal("the hostile card was not accepted")
	}
	w.reads("Harmless")
	if title := ask[string](w, "document.title"); title != "lobby · Relay" {
		t.Errorf("the title has become %q", title)
	}
	if n := ask[string](w, "String(document.querySelectorAll('#main script, #main [onerror], #main a[href^=javascript]').length)"); n != "0" {
		t.Errorf("%s elements of the card could run", n)
	}
}

// TestAPageKeepsItsPlaceWhenItUpdates: what the reader has focused and selected stays
// so while cards arrive above it.
func TestAPageKeepsItsPlaceWhenItUpdates(t *testing.T) {
	p := startRelay(t, writeConfig(t, `
relay { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  title = "Build server"
  route { to = [channel.lobby] }
}
`))
	for n := range 20 {
		if !postCard(http.DefaultClient, p.hook("ci"), fmt.Sprintf("Card %d", n)) {
			t.Fatal("the card was not accepted")
		}
	}
	w := startBrowser(t).open(t, desktop(), p.dashboard()+"/channels/lobby")
	// A page that is still loading, or is too short to scroll, has no place to keep.
	w.eventually("the page is drawn", func() bool {
		return ask[string](w, `document.readyState + document.querySelectorAll("#main ol.cards > li").length`) == "complete20"
	})
	ask[string](w, `(() => {
		window.card = document.getElementById("delivery-8");
		card.scrollIntoView();
		card.querySelector("a").focus();
		const range = document.createRange();
		range.selectNodeContents(card.querySelector("h3"));
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		window.top0 = card.getBoundingClientRect().top;
		return "";
	})()`)
	for n := range 5 {
		if !postCard(http.DefaultClient, p.hook("ci"), fmt.Sprintf("News %d", n)) {
			t.Fatal("the card was not accepted")
		}
	}
	w.reads("News 4")
	for question, want := range map[string]string{
		`String(document.activeElement === card.querySelector("a"))`:                          "true",
		`getSelection().toString().trim()`:                                                    "Card 7",
		`String(document.getElementById("delivery-8") === card)`:                              "true",
		`String(Math.abs(card.getBoundingClientRect().top - top0) < 5)`:                       "true",
		`String(document.querySelectorAll("#main ol.cards > li").length)`:                     "25",
		`[...document.querySelectorAll("#main h3")].slice(0, 2).map(h => h.innerText).join()`: "News 4,News 3",
	} {
		if got := ask[string](w, question); got != want {
			t.Errorf("%s is %q, want %q", question, got, want)
		}
	}
}
