package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

const memberPassword = "correct horse battery"

// membersRelay is a relay that asks people to sign in. Mia and Tim are in team red, Bob is
// in team blue, and Ada is ops.
func membersRelay(t *testing.T) *process {
	t.Helper()
	hash := exec.Command("relay", "password")
	hash.Stdin = strings.NewReader(memberPassword + "\n")
	password, err := hash.Output()
	if err != nil {
		t.Fatal(err)
	}
	users := ""
	for _, name := range []string{"mia", "tim", "bob", "ada"} {
		users += fmt.Sprintf("    user %q { password = %q }\n", name+"@example.com", strings.TrimSpace(string(password)))
	}
	return startRelay(t, writeConfig(t, `
relay {
  listen = "127.0.0.1:0"
  http { allow = ["127.0.0.0/8"] }
}
dashboard {
  listen = "127.0.0.1:0"
  auth {
`+users+`
    role "ops" { members = ["ada@example.com"] }
  }
}
team "red" { members = ["mia@example.com", "tim@example.com"] }
team "blue" { members = ["bob@example.com"] }
channel "red-room" {
  type = "inbox"
  team = team.red
}
channel "blue-room" {
  type = "inbox"
  team = team.blue
}
connector "webhook" "blues" {
  owner = "bob@example.com"
  route { to = [channel.blue-room] }
}
`))
}

// signIn opens a window in which somebody has signed in.
func signIn(t *testing.T, b browser, l look, p *process, name string) *window {
	t.Helper()
	w := b.open(t, l, p.dashboard()+"/connectors")
	w.lands("/sign-in")
	w.fill("Mail address", name+"@example.com")
	w.fill("Password", memberPassword)
	w.press("Sign in")
	w.lands("/connectors")
	return w
}

// TestAMemberConnectsAFeed goes from the sign-in to the first card, with mistakes on the way.
func TestAMemberConnectsAFeed(t *testing.T) {
	p, b := membersRelay(t), startBrowser(t)
	for name, l := range map[string]look{"desktop": desktop(), "phone": phone().inDark()} {
		t.Run(name, func(t *testing.T) {
			blog := newFeed(t, "blog")
			blog.publish()
			w := b.open(t, l, p.dashboard()+"/")
			w.lands("/sign-in")
			w.fill("Mail address", "mia@example.com")
			w.fill("Password", "a wrong horse")
			w.press("Sign in")
			w.reads("Wrong mail address or password")
			w.fill("Password", memberPassword)
			w.press("Sign in")
			w.lands("/")
			w.goes(l, "Connectors")
			w.press("Add a connector")
			w.lands("/connectors/new")
			w.fill("Search", "feed")
			w.press("RSS")
			w.fill("Name", "blog-"+name)
			w.fill("URL", "not a URL")
			w.press("Review and save")
			w.reads("fixing")
			w.fill("URL", blog.server.URL)
			w.tick("red-room")
			w.press("Try it")
			w.reads("What it would post now", blog.title(1))
			w.press("Review and save")
			w.reads("This is what will be saved", `connector "rss" "blog-`+name+`"`)
			w.press("Save")
			w.lands("/connectors/blog-" + name)
			blog.publish()
			w.press("Poll now")
			w.reads("The first event has arrived")
			w.visit("/channels/red-room")
			w.reads(blog.title(2))
		})
	}
}

// TestAMemberSignsInAtAnIssuer, in its own pages, and comes to the page that she wanted.
func TestAMemberSignsInAtAnIssuer(t *testing.T) {
	port, dir := freePort(t), t.TempDir()
	home, issuer := "https://relay.test:"+port, "127.0.0.1:"+freePort(t)
	trusttest.New(t).Issue(t, "relay.test", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	for name, text := range map[string]string{
		"users.json": issuerUsers, "client.secret": "canary-client-secret", "relay.hcl": strings.NewReplacer("PORT", port, "ISSUER", "http://"+issuer).Replace(issuerConfig),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	startJudge(t, buildJudge(t, "issuer"), "-listen", issuer, "-users", filepath.Join(dir, "users.json"), "-redirect", home+"/sign-in/callback")
	startRelay(t, filepath.Join(dir, "relay.hcl"))
	b := startBrowser(t, chromedp.IgnoreCertErrors, chromedp.Flag("host-resolver-rules", "MAP relay.test 127.0.0.1"))
	w := b.open(t, phone(), home+"/channels/ruby", issuer)
	w.lands("/sign-in")
	w.press("Sign in with")
	w.fill("username", "mia")
	w.fill("password", "verysecure")
	w.press("Login")
	w.lands("/channels/ruby")
	w.goes(phone(), "Overview")
	w.lands("/")
	w.press("Pages")
	w.reads("mia@example.com", "red")
}

// TestAMemberMakesAnIncomingWebhook: she gives it a picture, posts to its URL, and makes
// another one.
func TestAMemberMakesAnIncomingWebhook(t *testing.T) {
	p, b := membersRelay(t), startBrowser(t)
	w := signIn(t, b, desktop(), p, "mia")
	w.press("Add a connector")
	w.press("Incoming webhook")
	w.fill("Name", "ci")
	w.fill("Title", "Build server")
	w.upload("Or upload a picture", picture(t))
	w.tick("red-room")
	w.press("Review and save")
	w.reads("This is what will be saved")
	w.press("Save")
	w.lands("/connectors/ci")
	w.reads("Waiting for the first event")
	old := ask[string](w, `document.getElementById("hook-url").value`)
	for _, language := range []string{"PowerShell", "Python", "Go", "curl"} {
		w.press(language)
		w.eventually("the snippet in "+language, func() bool {
			return strings.Contains(ask[string](w, `document.querySelector("nav.tabs [aria-current]").textContent + document.getElementById("snippet").textContent`), language) &&
				strings.Contains(ask[string](w, `document.getElementById("snippet").textContent`), old)
		})
	}
	w.press("Copy the snippet")
	w.reads("Copied")
	w.press("Post it to the hook")
	w.reads("The hook answered 200", "delivered")
	w.press("ci")
	w.reads("The first event has arrived")
	w.visit("/channels/red-room")
	w.reads("Build server", "It works.")
	w.eventually("its picture is shown", func() bool {
		return ask[bool](w, `[...document.querySelectorAll(".card img")].some(i => i.complete && i.naturalWidth > 0)`)
	})

	w.visit("/connectors/ci")
	w.press("Rotate the hook URL")
	w.choose("The old URL keeps working", "not at all")
	w.press("Make a new URL")
	w.eventually("there is a new URL", func() bool {
		now := ask[string](w, `document.getElementById("hook-url")?.value ?? ""`)
		return now != "" && now != old
	})
	if postCard(http.DefaultClient, old, "To the old one") {
		t.Error("the old URL goes on working")
	}
	if !postCard(http.DefaultClient, ask[string](w, `document.getElementById("hook-url").value`), "To the new one") {
		t.Error("the new URL does not work")
	}
	w.visit("/connectors/ci")
	w.press("To the new one")
	w.reads("What happened", "delivered")
}

// TestAMemberSignsAConnectorIn: the page shows the link and the code, and goes on by itself.
func TestAMemberSignsAConnectorIn(t *testing.T) {
	m, p := newMicrosoft(t), membersRelay(t)
	w := signIn(t, startBrowser(t), phone(), p, "mia")
	w.press("Add a connector")
	w.press("Microsoft To Do")
	w.fill("Name", "trip")
	w.press("More settings")
	w.fill("Client ID", "app")
	w.fill("API", m.URL)
	w.fill("Login API", m.URL)
	w.press("Review and save")
	w.reads("This is what will be saved")
	w.press("Save")
	w.lands("/connectors/trip")
	w.reads("Somebody has to sign in")
	w.press("Sign in")
	w.reads("https://microsoft.example/devicelogin", "AB-CD", "Waiting for you to finish there")
	m.change(func() { m.entered, m.titles = true, []string{"Book the room"} })
	w.lands("/connectors/trip")
	w.reads("You are signed in. The connector goes on.")
	w.press("Poll now")
	w.reads("The first event has arrived", "Book the room")
	if text := ask[string](w, "document.documentElement.outerHTML") + p.log.String(); strings.Contains(text, "canary") {
		t.Error("the page or the log shows a token")
	}
	m.change(func() { m.entered = false })
	w.press("Sign in again")
	w.lands("/connectors/trip/login")
	w.press("Copy the code")
	w.reads("Copied")
}

// TestAnotherTakesOverWhatSomebodyLeaves: who leaves the team loses her connectors, and
// another member can have them.
func TestAnotherTakesOverWhatSomebodyLeaves(t *testing.T) {
	p, b := membersRelay(t), startBrowser(t)
	w := signIn(t, b, phone(), p, "mia")
	w.press("Add a connector")
	w.press("Incoming webhook")
	w.fill("Name", "hers")
	w.tick("red-room")
	w.press("Review and save")
	w.reads("This is what will be saved")
	w.press("Save")
	w.lands("/connectors/hers")

	config, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.config, bytes.Replace(config, []byte(`["mia@example.com", `), []byte("["), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut, err := p.run("reload"); err != nil {
		t.Fatal(errOut)
	}
	w.visit("/channels/red-room")
	w.lands("/sign-in") // she is nobody any longer
	tim := signIn(t, b, desktop(), p, "tim")
	tim.reads("suspended")
	tim.press("hers")
	tim.reads("Its owner has left", "mia@example.com is no longer a member")
	tim.press("Take it over")
	tim.eventually("it is Tim's", func() bool {
		return !strings.Contains(tim.text(), "Its owner has left") && strings.Contains(tim.text(), "Waiting for")
	})
	tim.press("Post it to the hook")
	tim.reads("The hook answered 200", "delivered")
}

// TestAKeyboardIsEnough signs in, makes an incoming webhook and posts to it, without a
// pointer: everything can be reached, in order, and what has the focus is seen.
func TestAKeyboardIsEnough(t *testing.T) {
	p := membersRelay(t)
	w := startBrowser(t).open(t, desktop(), p.dashboard()+"/")
	w.lands("/sign-in")
	w.walk("Mail address")
	w.types("mia@example.com")
	w.walk("Password")
	w.types(memberPassword)
	w.key(kb.Enter)
	w.lands("/")
	w.walk("Connectors")
	w.key(kb.Enter)
	w.lands("/connectors")
	w.walk("Add a connector")
	w.key(kb.Enter)
	w.lands("/connectors/new")
	w.walk("Incoming webhook")
	w.key(kb.Enter)
	w.walk("Name")
	w.types("by-hand")
	w.walk("red-room") // it is ticked, because there is no other
	w.walk("Review and save")
	w.key(kb.Enter)
	w.reads("This is what will be saved")
	w.walk("Save")
	w.key(kb.Enter)
	w.lands("/connectors/by-hand")
	w.walk("Post it to the hook")
	w.key(kb.Enter)
	w.reads("The hook answered 200", "delivered")
}

// walk presses Tab until something has the focus, and checks that one sees so.
func (w *window) walk(name string) {
	w.t.Helper()
	w.eventually("the page is whole", func() bool { return ask[string](w, "document.readyState") == "complete" })
	const most = 80
	var passed []string
	for range most {
		w.key(kb.Tab)
		at := ask[string](w, `(() => {
			const e = document.activeElement, label = (e.labels && e.labels[0]) || e;
			return (e.getAttribute("aria-label") || label.innerText || "").replace(/\s+/g, " ").trim();
		})()`)
		if passed = append(passed, at); !strings.HasPrefix(at, name) {
			continue
		}
		if !ask[bool](w, `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" || s.boxShadow !== "none"; })()`) {
			w.t.Errorf("nobody sees that %q has the focus", name)
		}
		return
	}
	w.t.Fatalf("Tab does not come to %q, but to %q", name, passed)
}

// types types a text.
func (w *window) types(text string) {
	w.t.Helper()
	for _, r := range text {
		w.key(string(r))
	}
}

// TestNobodyGetsAtWhatIsAnothers, with a session of her own, with an old one or with none;
// neither does a page elsewhere.
func TestNobodyGetsAtWhatIsAnothers(t *testing.T) {
	p, b := membersRelay(t), startBrowser(t)
	w := signIn(t, b, desktop(), p, "mia")
	for _, path := range []string{"/connectors/blues", "/connectors/blues/edit", "/channels/blue-room", "/plugins/webhook", "/configuration", "/configuration/changes"} {
		if status := promised(w, fmt.Sprintf("fetch(%q).then(r => String(r.status))", path)); status != "404" && status != "403" {
			t.Errorf("Mia's look at %s is answered with %s", path, status)
		}
	}
	for _, path := range []string{"/", "/connectors", "/channels", "/deliveries", "/plugins", "/mutes", "/audit", "/tokens"} {
		if w.visit(path); strings.Contains(w.text(), "blue") || strings.Contains(w.text(), "bob") {
			t.Errorf("Mia sees at %s: %s", path, w.text())
		}
	}
	const outcome = `fetch(%q, { method: %q, headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: %q }).then(r => String(r.status))`
	for _, change := range []string{"/connectors/blues/rotate", "/connectors/blues/poll", "/connectors/blues/post", "/connectors/blues/take-over", "/channels/blue-room/pause", "/channels/blue-room/test", "/configuration/reload"} {
		if status := promised(w, fmt.Sprintf(outcome, change, "POST", "text=x&grace=0s")); status != "404" && status != "403" {
			t.Errorf("Mia's POST %s is answered with %s", change, status)
		}
	}
	ended := signIn(t, b, desktop(), p, "mia")
	cookies := ended.cookies()
	ended.press("Sign out")
	ended.lands("/sign-in")
	address, err := url.Parse(p.dashboard())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*http.Request){
		"a session that has ended": func(r *http.Request) { r.Header.Set("Cookie", cookies) },
		"no session":               func(*http.Request) {},
		"a made-up session": func(r *http.Request) {
			r.Header.Set("Cookie", strings.Split(cookies, "=")[0]+"=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		},
		"a form on another page": func(r *http.Request) {
			r.Header.Set("Cookie", w.cookies())
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		},
		"a form in an old browser": func(r *http.Request) {
			r.Header.Set("Cookie", w.cookies())
			r.Header.Set("Origin", "https://evil.example")
		},
		"another name that is ours": func(r *http.Request) { r.Header.Set("Cookie", w.cookies()); r.Host = "evil.example" },
	} {
		for _, path := range []string{"/channels/red-room/test", "/api/v1/channels/red-room/send", "/connectors/new"} {
			req, err := http.NewRequest(http.MethodPost, address.JoinPath(path).String(), strings.NewReader(`text=x`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			change(req)
			client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			refused := resp.StatusCode >= 400 || resp.StatusCode == http.StatusSeeOther && strings.HasPrefix(resp.Header.Get("Location"), "/sign-in")
			if !refused {
				t.Errorf("%s: POST %s is answered with %s, %s", name, path, resp.Status, resp.Header.Get("Location"))
			}
		}
	}
	w.visit("/channels/red-room")
	w.reads("No card yet")
}

// picture is a file with a picture.
func picture(t *testing.T) string {
	t.Helper()
	canvas := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 {
		canvas.Set(i, i, color.RGBA{R: 255, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "picture.png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
