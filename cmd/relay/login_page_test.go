package main

import (
	"fmt"
	"testing"
)

// TestAPersonSignsInOnThePage: the page shows the link and the code, goes on by itself when
// the service has let the person in, and says so when it has not.
func TestAPersonSignsInOnThePage(t *testing.T) {
	m := newMicrosoft(t)
	p := startRelay(t, writeConfig(t, fmt.Sprintf(`
relay {
  listen = "127.0.0.1:0"
  http { allow = ["127.0.0.0/8"] }
}
dashboard { listen = "127.0.0.1:0" }
channel "trip" { type = "inbox" }
connector "todo" "trip" {
  client_id = "app"
  api       = %[1]q
  login_api = %[1]q
  route { to = [channel.trip] }
}
`, m.URL)))
	w := startBrowser(t).open(t, phone(), p.dashboard()+"/connectors/trip")
	w.reads("A person has to sign in")
	w.press("Sign in")
	w.lands("/connectors/trip/login")
	w.reads("AB-CD", "https://microsoft.example/devicelogin", "Waiting for you to finish there")
	m.change(func() { m.entered = true })
	w.lands("/connectors/trip")
	w.reads("You are signed in. The connector goes on.", "ok")

	m.change(func() { m.entered = false })
	w.press("Sign in again")
	w.lands("/connectors/trip/login")
	w.press("Copy the code")
	w.reads("Copied")
}
