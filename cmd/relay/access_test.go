package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// judge is one of the outside programs in scripts/judges.
func buildJudge(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build(t, filepath.Join("..", "..", "scripts", "judges"), program, "./"+name)
	return program
}

// startJudge starts one and returns the first line that it prints, and how to end it.
func startJudge(t *testing.T, program string, args ...string) (line string, stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	log := &logBuffer{}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(stop)
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("%s says nothing: %s", program, log)
	}
	return lines.Text(), stop
}

// visitor is a browser that finds relay.test on this machine and trusts an authority.
type visitor struct {
	t *testing.T
	http.Client
}

func newVisitor(t *testing.T, pem []byte) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, strings.Replace(address, "relay.test", "127.0.0.1", 1))
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, http.Client{Jar: jar, Transport: transport}}
}

// page is what a browser shows.
type page struct {
	status int
	at     *url.URL
	text   string
}

func (v *visitor) open(address string, form url.Values) page {
	v.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if form != nil {
		req, err = http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	resp, err := v.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Request.URL, string(b)}
}

// signInElsewhere follows the link on the sign-in page and signs in there. The second value
// is the URL with which the issuer sent the browser back.
func (v *visitor) signInElsewhere(home, name, password string) (page, string) {
	v.t.Helper()
	p := v.open(home+"/channels?x=1", nil)
	link := regexp.MustCompile(`href="(/sign-in/elsewhere[^"]*)"`).FindStringSubmatch(p.text)
	if p.at.Path != "/sign-in" || link == nil {
		v.t.Fatalf("a stranger comes to %s: %s", p.at, tail(p.text))
	}
	p = v.open(home+strings.ReplaceAll(link[1], "&amp;", "&"), nil)
	id := regexp.MustCompile(`name="id" value="([^"]*)"`).FindStringSubmatch(p.text)
	if id == nil {
		v.t.Fatalf("the issuer shows at %s: %s", p.at, tail(p.text))
	}
	back := ""
	v.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.Contains(r.URL.Path, "/sign-in/callback") {
			back = r.URL.String()
		}
		return nil
	}
	defer func() { v.CheckRedirect = nil }()
	p = v.open(fmt.Sprintf("%s://%s/login/username", p.at.Scheme, p.at.Host), url.Values{"id": {id[1]}, "username": {name}, "password": {password}})
	return p, back
}

const issuerUsers = `{
  "1": {"ID": "1", "Username": "ada", "Password": "verysecure", "Email": "Ada@Example.com", "EmailVerified": true, "Groups": ["g-ops"]},
  "2": {"ID": "2", "Username": "mia", "Password": "verysecure", "Email": "mia@example.com", "EmailVerified": true, "Groups": ["g-red", "g-other"]},
  "3": {"ID": "3", "Username": "eve", "Password": "verysecure", "Email": "ada@example.com", "EmailVerified": false, "Groups": []},
  "4": {"ID": "4", "Username": "tim", "Password": "verysecure", "Email": "tim@example.com", "EmailVerified": true, "Groups": ["g-none"]}
}`

const issuerConfig = `relay { listen = "127.0.0.1:0" }
dashboard {
  listen     = "127.0.0.1:PORT"
  public_url = "https://relay.test:PORT"
  tls {
    certificate = "cert.pem"
    key         = "key.pem"
  }
  auth {
    oidc {
      issuer        = "ISSUER"
      client_id     = "relay"
      client_secret = file("client.secret")
    }
    role "ops" { groups = ["g-ops"] }
  }
}
team "red" { groups = ["g-red"] }
channel "lobby" { type = "inbox" }
channel "ruby" {
  type = "inbox"
  team = team.red
}
connector "webhook" "ci" {
  route { to = [channel.lobby, channel.ruby] }
}
`

// TestPeopleSignInAtAnIssuer signs people in at zitadel's OpenID Connect provider, in its
// own pages.
func TestPeopleSignInAtAnIssuer(t *testing.T) {
	program, port, dir := buildJudge(t, "issuer"), freePort(t), t.TempDir()
	home, at := "https://relay.test:"+port, "127.0.0.1:"+freePort(t)
	authority, users := trusttest.New(t), filepath.Join(dir, "users.json")
	authority.Issue(t, "relay.test", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("users.json", issuerUsers)
	write("client.secret", "canary-client-secret")
	write("relay.hcl", strings.NewReplacer("PORT", port, "ISSUER", "http://"+at).Replace(issuerConfig))

	p := startRelay(t, filepath.Join(dir, "relay.hcl")) // while the issuer is down
	ada := newVisitor(t, authority.PEM)
	if got := ada.open(home+"/sign-in/elsewhere", nil); got.status != http.StatusServiceUnavailable || !strings.Contains(got.text, "cannot be reached now") {
		t.Errorf("while the issuer is down, somebody sees %d %s", got.status, tail(got.text))
	}
	_, stop := startJudge(t, program, "-listen", at, "-users", users, "-redirect", home+"/sign-in/callback")
	p.eventually("the issuer is asked again", func() bool {
		return ada.open(home+"/sign-in/elsewhere", nil).status == http.StatusOK
	})

	shown, back := ada.signInElsewhere(home, "ada", "verysecure")
	if shown.status != http.StatusOK || shown.at.RequestURI() != "/channels?x=1" || !strings.Contains(shown.text, "ada@example.com") || !strings.Contains(shown.text, "lobby") {
		t.Fatalf("Ada comes to %s and sees %s", shown.at, tail(shown.text))
	}
	if !strings.Contains(back, "code=") {
		t.Fatalf("the issuer led back to %q", back)
	}
	for name, v := range map[string]*visitor{"her own browser": ada, "another browser": newVisitor(t, authority.PEM)} {
		if got := v.open(back, nil); got.status != http.StatusUnauthorized || !strings.Contains(got.text, "begun in another browser, or is over") {
			t.Errorf("the same answer again, in %s: %d %s", name, got.status, tail(got.text))
		}
	}

	mia := newVisitor(t, authority.PEM)
	if shown, _ = mia.signInElsewhere(home, "mia", "verysecure"); !strings.Contains(shown.text, "ruby") || strings.Contains(shown.text, "lobby") {
		t.Errorf("Mia, of team red, sees %s", tail(shown.text))
	}
	if got := mia.open(home+"/channels/lobby", nil); got.status != http.StatusNotFound {
		t.Errorf("a channel that is not hers: %d", got.status)
	}
	if got := mia.open(home+"/api/v1/channels/ruby/pause", url.Values{}); got.status < 400 {
		t.Errorf("Mia pauses a channel: %d %s", got.status, got.text)
	}
	for name, says := range map[string]string{"eve": "has not verified your mail address", "tim": "you are tim@example.com, and no role or team"} {
		v := newVisitor(t, authority.PEM)
		if shown, _ := v.signInElsewhere(home, name, "verysecure"); shown.status < 400 || !strings.Contains(shown.text, says) {
			t.Errorf("%s sees %d %s", name, shown.status, tail(shown.text))
		}
		if got := v.open(home+"/channels", nil); got.at.Path != "/sign-in" {
			t.Errorf("after it, %s comes to %s", name, got.at)
		}
	}

	// Who has left the group loses the team at the next sign-in, and ops by the configuration at once.
	write("users.json", strings.Replace(issuerUsers, `"g-red"`, `"g-blue"`, 1))
	mia = newVisitor(t, authority.PEM)
	if shown, _ = mia.signInElsewhere(home, "mia", "verysecure"); shown.status != http.StatusForbidden {
		t.Errorf("Mia, who has left, sees %d %s", shown.status, tail(shown.text))
	}
	write("relay.hcl", strings.NewReplacer("PORT", port, "ISSUER", "http://"+at, `["g-ops"]`, `["g-nobody"]`).Replace(issuerConfig))
	if _, errOut, err := p.run("reload"); err != nil {
		t.Fatal(errOut)
	}
	if got := ada.open(home+"/channels", nil); got.at.Path != "/sign-in" {
		t.Errorf("Ada, who is no longer ops, comes to %s", got.at)
	}
	out, _, _ := p.run("audit", "--json")
	for _, says := range []string{`"who": "ada@example.com"`, `"action": "sign in"`, `"outcome": "refused"`} {
		if !strings.Contains(out, says) {
			t.Errorf("the audit log does not say %s: %s", says, tail(out))
		}
	}
	stop()
	p.stop()
	if at := strings.Index(p.log.String(), "canary"); at >= 0 {
		t.Errorf("a secret is in the log: %s", p.log.String()[max(0, at-200):at+20])
	}
}

// TestAnAuthorityIssuesTheCertificate gets the dashboard's certificate from Pebble, Let's
// Encrypt's own authority for tests, which asks back on the dashboard's port: over TLS, or
// without.
func TestAnAuthorityIssuesTheCertificate(t *testing.T) {
	program := buildJudge(t, "acme")
	for name, challenge := range map[string]string{"over TLS": "-tls", "over HTTP": "-http"} {
		t.Run(name, func(t *testing.T) {
			dir, port, closed, names := t.TempDir(), freePort(t), freePort(t), "127.0.0.1:"+freePort(t)
			own := trusttest.New(t)
			cert, key := filepath.Join(dir, "acme.pem"), filepath.Join(dir, "acme.key")
			own.Issue(t, "127.0.0.1", cert, key)
			other := map[string]string{"-tls": "-http", "-http": "-tls"}[challenge]
			line, _ := startJudge(t, program, challenge, port, other, closed, "-cert", cert, "-key", key, "-names", names)
			var says struct{ Directory, Root string }
			if err := json.Unmarshal([]byte(line), &says); err != nil {
				t.Fatal(err)
			}
			config := fmt.Sprintf(`relay {
  listen = "127.0.0.1:0"
  http { ca_file = %q }
}
dashboard {
  listen     = "127.0.0.1:%s"
  public_url = "https://relay.test:%s"
  acme {
    email     = "ops@example.com"
    directory = %q
  }
  auth {
    user "ada@example.com" { password = file("ada.hash") }
    role "ops" { members = ["ada@example.com"] }
  }
}
channel "lobby" { type = "inbox" }
connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
`, own.File, port, port, says.Directory)
			if err := os.WriteFile(filepath.Join(dir, "ada.hash"), []byte("$argon2id$v=19$m=7168,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$c30QMVzyYGk2dYThmmRO3Cl+ihp/e2C3zhmkwktqdTE\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "relay.hcl")
			if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			p := startRelay(t, path)
			v := newVisitor(t, []byte(says.Root))
			p.eventually("there is a certificate", func() bool {
				resp, err := v.Get("https://relay.test:" + port + "/healthz")
				if err != nil {
					return false
				}
				resp.Body.Close()
				return resp.StatusCode == http.StatusOK && resp.TLS.PeerCertificates[0].VerifyHostname("relay.test") == nil
			})
			shown := v.open("https://relay.test:"+port+"/sign-in", url.Values{"name": {"ada@example.com"}, "password": {"correct horse battery"}, "to": {"//evil.example/"}})
			if shown.status != http.StatusOK || shown.at.Host != "relay.test:"+port || !strings.Contains(shown.text, "ada@example.com") {
				t.Errorf("Ada comes to %s and sees %d %s", shown.at, shown.status, tail(shown.text))
			}
			if shown = v.open("http://relay.test:"+port+"/channels", nil); shown.at.Scheme != "https" || shown.status != http.StatusOK {
				t.Errorf("without TLS, she comes to %s", shown.at)
			}
			kept, err := filepath.Glob(filepath.Join(dir, "relay-certificates", "*"))
			if err != nil || len(kept) == 0 {
				t.Errorf("what the authority issued is not kept: %v, %v", kept, err)
			}
			for _, file := range kept {
				if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
					t.Errorf("others can read %s", file)
				}
			}
		})
	}
}

// TestAPasswordIsReadTwiceFromATerminal, which shows neither.
func TestAPasswordIsReadTwiceFromATerminal(t *testing.T) {
	for typed, want := range map[string]string{
		"canary horse battery\ncanary horse battery\n": "$argon2id$v=19$", "canary horse battery\ncanary horse\n": "the two are not the same",
	} {
		screen, tty := terminal(t)
		cmd := exec.Command("relay", "password")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		tty.Close()
		shown := ""
		for _, line := range strings.SplitAfter(strings.TrimSuffix(typed, "\n"), "\n") {
			for b := make([]byte, 1024); !strings.HasSuffix(shown, ": "); { // it asks
				n, err := screen.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				shown += string(b[:n])
			}
			shown += "…"
			for echoes := true; echoes; { // it has asked, and now hides
				settings, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
				if err != nil {
					t.Fatal(err)
				}
				echoes = settings.Lflag&unix.ECHO != 0
			}
			if _, err := screen.WriteString(strings.TrimSuffix(line, "\n") + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait()
		rest, _ := io.ReadAll(screen) // it ends with an error when nobody has the terminal open
		shown += string(rest)
		if !strings.Contains(shown, want) || strings.Contains(shown, "canary") {
			t.Errorf("the terminal shows %q, without %q", shown, want)
		}
	}
}
