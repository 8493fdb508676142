package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/connector-relay/relay/relay/operator/api"
	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// TestMain makes this test binary the relay as well: scripts and tests run it as
// a real process by the name "relay", and it runs its plugins by executing itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"relay": main, "confined": confined, "greedy": greedy})
}

// TestCommands runs the scripts below testdata/script: what each command prints
// and how it exits, against a real relay.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			c := newChat(env.T().(testing.TB))
			env.Values["chat"] = c
			certificate := trusttest.New(env.T().(testing.TB))
			certificate.Issue(env.T().(testing.TB), "dashboard", filepath.Join(env.WorkDir, "cert.pem"), filepath.Join(env.WorkDir, "key.pem"))
			env.Setenv("AUTHORITY", certificate.File)
			env.Setenv("CHAT", c.server.URL)
			env.Setenv("HOME", env.WorkDir)
			now := time.Now().UTC()
			env.Setenv("AN_HOUR_AGO", now.Add(-time.Hour).Format("15:04"))
			env.Setenv("IN_TWO_HOURS", now.Add(2*time.Hour).Format("15:04"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"up":        scriptUp,
			"post":      scriptPost,
			"hook":      scriptHook,
			"dashboard": scriptDashboard,
			"shown":     scriptShown,
			"room":      scriptRoom,
			"feed":      scriptFeed,
		},
	})
}

// scriptUp waits until the relay with the configuration in a folder answers:
//
//	up [FOLDER]
func scriptUp(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(".")
	if len(args) == 1 {
		dir = ts.MkAbs(args[0])
	}
	client := api.Dial(filepath.Join(dir, "relay.sock"))
	eventually(tb(ts), "the relay answers", func() bool {
		_, err := client.Status(context.Background())
		return (err == nil) != neg
	}, func() string { return "" })
}

// scriptHook puts a connector's hook URL into a variable, or that of another path on the
// same listener:
//
//	hook CONNECTOR NAME [PATH]
func scriptHook(ts *testscript.TestScript, _ bool, args []string) {
	list, err := api.Dial(ts.MkAbs("relay.sock")).Connectors(context.Background())
	ts.Check(err)
	address := hooks(list)[args[0]]
	if len(args) == 3 {
		listener, _, _ := strings.Cut(address, "/hooks/")
		address = listener + args[2]
	}
	ts.Setenv(args[1], address)
}

// scriptDashboard puts the dashboard's URL into a variable, and a token for it:
//
//	dashboard NAME [SCHEME TOKEN-FILE]
func scriptDashboard(ts *testscript.TestScript, _ bool, args []string) {
	s, err := api.Dial(ts.MkAbs("relay.sock")).Status(context.Background())
	ts.Check(err)
	scheme := "http"
	if len(args) == 3 {
		scheme = args[1]
		ts.Setenv(tokenVariable, ts.ReadFile(args[2]))
	}
	ts.Setenv(args[0], scheme+"://"+s.Dashboard)
}

// scriptPost posts a file to a connector's hook, or to a URL, and prints the answer
// and the events that it names:
// post CONNECTOR|URL FILE [HEADER=VALUE]...
func scriptPost(ts *testscript.TestScript, neg bool, args []string) {
	list, err := api.Dial(ts.MkAbs("relay.sock")).Connectors(context.Background())
	ts.Check(err)
	url := args[0]
	if !strings.Contains(url, "://") {
		url = hooks(list)[url]
	}
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	for _, h := range args[2:] {
		name, value, _ := strings.Cut(h, "=")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", resp.StatusCode, body)
	if events := resp.Header.Get("Relay-Event"); events != "" {
		fmt.Fprintf(ts.Stdout(), "Relay-Event: %s\n", events)
	}
	if (resp.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("answered %d %s", resp.StatusCode, body)
	}
}

// scriptShown waits until a room of the chat system has shown these cards, in
// this order and no others: shown ROOM [TITLE]...
func scriptShown(ts *testscript.TestScript, _ bool, args []string) {
	c := ts.Value("chat").(*chatServer)
	want := strings.Join(args[1:], "\n")
	eventually(tb(ts), fmt.Sprintf("%s shows %q", args[0], args[1:]), func() bool {
		return strings.Join(c.shown(args[0]), "\n") == want
	}, func() string { return "it shows: " + strings.Join(c.shown(args[0]), "\n") })
}

// scriptRoom makes a room of the chat system misbehave from now on, or at the next
// request only, or behave:
//
//	room ROOM well|TROUBLE [once]
func scriptRoom(ts *testscript.TestScript, _ bool, args []string) {
	how, asked := args[1], false
	ts.Value("chat").(*chatServer).trouble(args[0], func(int) string {
		if how == "well" || len(args) > 2 && asked {
			return ""
		}
		asked = true
		return how
	})
}

// scriptFeed serves the files of a folder and puts the address into $FEED.
func scriptFeed(ts *testscript.TestScript, _ bool, args []string) {
	s := newFileServer(tb(ts), ts.MkAbs(args[0]))
	ts.Setenv("FEED", s)
}

// scriptTB lets helpers for tests serve scripts too.
type scriptTB struct {
	testing.TB
	ts *testscript.TestScript
}

func tb(ts *testscript.TestScript) scriptTB { return scriptTB{ts: ts} }

func (s scriptTB) Helper()                   {}
func (s scriptTB) Cleanup(f func())          { s.ts.Defer(f) }
func (s scriptTB) Fatalf(f string, a ...any) { s.ts.Fatalf(f, a...) }
func (s scriptTB) Fatal(a ...any)            { s.ts.Fatalf("%s", fmt.Sprint(a...)) }
