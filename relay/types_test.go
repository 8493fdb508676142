package relay

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/channel"
)

// TestTheConfigurationKnowsEachChannelType as it is: what a file may say of a type is
// one table, and what the type does another.
func TestTheConfigurationKnowsEachChannelType(t *testing.T) {
	required := map[string]string{
		"zulip": "user = \"bot@example.com\"\n token = \"x\"\n to = \"x\"", "matrix event": "token = \"x\"\n to = \"!x:example.com\"",
	}
	takes := func(typ channel.Type, payload, more string) bool {
		settings := required[typ.Name] + required[typ.Name+" "+payload]
		if typ.NeedsURL {
			settings += "\n url = \"https://chat.example.com/topic\""
		}
		if payload != "" {
			settings += fmt.Sprintf("\n payload = %q", payload)
		}
		path := filepath.Join(t.TempDir(), "relay.hcl")
		text := fmt.Sprintf("channel \"c\" {\n type = %q\n %s\n %s\n}\n", typ.Name, settings, more)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, diags := config.Parse(path)
		return !diags.HasErrors()
	}
	for _, typ := range channel.Types() {
		for _, payload := range append([]string{""}, typ.Payloads...) {
			if !takes(typ, payload, "") {
				t.Errorf("%s: a file may not say payload = %q", typ.Name, payload)
			}
		}
		if takes(typ, "something else", "") {
			t.Errorf("%s: a file may say any payload", typ.Name)
		}
		if got := takes(typ, "", "thread = true"); got != typ.Threads {
			t.Errorf("%s: a file may say thread: %t, and the type has threads: %t", typ.Name, got, typ.Threads)
		}
		if got := takes(typ, "", "answer = \"posted\""); got != typ.TakesAnswer {
			t.Errorf("%s: a file may say answer: %t, and the type takes one: %t", typ.Name, got, typ.TakesAnswer)
		}
		if got := takes(typ, "", "secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\""); got != typ.TakesSecret {
			t.Errorf("%s: a file may say secret: %t, and the type signs: %t", typ.Name, got, typ.TakesSecret)
		}
	}
}
