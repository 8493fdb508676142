package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
)

const savedConfig = `
relay     { listen = "127.0.0.1:0" }
dashboard { listen = "127.0.0.1:0" }
channel "lobby" { type = "inbox" }
`

// TestWhatPeopleSaveOutlivesTheProcess saves connectors in a real relay, kills it, and
// moves them to a file and back with the commands.
func TestWhatPeopleSaveOutlivesTheProcess(t *testing.T) {
	p := startRelay(t, writeConfig(t, savedConfig))
	d := operator.Draft{Filled: &form.Filled{
		Type: "webhook", Name: "made", Channels: []string{"lobby"},
		Arguments: map[string]string{"secret": "CANARY-of-the-hook", "signature": "hmac-sha256"}, Path: "/webhookb2/CANARY0123456789",
	}}
	if _, err := p.client.Save(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p.start()
	works := func(when string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.hook("made"), strings.NewReader(`{"text":"hi"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Hub-Signature-256", hex.EncodeToString(sign(sha256.New, "CANARY-of-the-hook", `{"text":"hi"}`)))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s, the hook answers %d to what its secret has signed", when, resp.StatusCode)
		}
	}
	works("after a kill")
	token := hookToken(p.hook("made"))

	file, stderr, err := p.run("connectors", "export")
	if err != nil {
		t.Fatal(stderr)
	}
	if err := os.WriteFile(p.config, []byte(savedConfig+file), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, stderr, err := p.run("validate"); err != nil || !strings.Contains(out+stderr, "Stored secrets not checked") {
		t.Errorf("without the store, the file is: %s%s%v", out, stderr, err)
	}
	if out, stderr, err := p.run("reload"); err != nil {
		t.Errorf("reload: %s%s", out, stderr)
	}
	blocks, err := p.client.Blocks(t.Context())
	if err != nil || len(blocks) != 1 || !blocks[0].Declared {
		t.Fatalf("beside the file there are %+v, %v", blocks, err)
	}
	if err := p.client.RemoveBlock(t.Context(), "made", blocks[0].Revision); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p.start()
	works("in a file")
	if now := hookToken(p.hook("made")); now != token {
		t.Errorf("the hook URL has changed from %s to %s", token, now)
	}
	p.stop()
	log := p.log.String()
	for _, name := range []string{"relay.db", "relay.db-wal"} {
		b, _ := os.ReadFile(filepath.Join(filepath.Dir(p.config), name))
		log += string(b)
	}
	if strings.Contains(log+file, "CANARY") {
		t.Error("a secret stands in the log, the store or the export")
	}
}

func hookToken(url string) string { _, token, _ := strings.Cut(url, "/hooks/"); return token }
