package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/connector/contract"
)

// kitchen is a configuration with one connector of all types of argument.
func kitchen(arguments string) string {
	return "channel \"a\" {\n  type = \"inbox\"\n}\nconnector \"kitchen\" \"c\" {\n" + arguments + "\n  route {\n    to = [channel.a]\n  }\n}\n"
}

// values decodes what the plugin gets.
func values(t *testing.T, c *Config) map[string]any {
	t.Helper()
	b, err := c.Connectors[0].Arguments.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEncode(t *testing.T) {
	defaults := map[string]any{
		"count": 3.0, "on": true, "level": "high", "names": []any{"a"}, "free": map[string]any{"a": []any{1.0, "b"}},
	}
	tests := map[string]struct {
		arguments string
		want      map[string]any
	}{
		"defaults":               {`token = "x"`, map[string]any{"token": "x"}},
		"null means the default": {"token = \"x\"\ncount = null\ntokens = null", map[string]any{"token": "x"}},
		"secret from a variable": {`token = env("CANARY")`, map[string]any{"token": "canary-value-of-a-variable"}},
		"secret from a file":     {`token = file("secrets/canary")`, map[string]any{"token": "canary-content-of-a-file"}},
		"secret put together":    {`token = "a ${env("CANARY")} b"`, map[string]any{"token": "a canary-value-of-a-variable b"}},
		"secrets in a list":      {"token = \"x\"\ntokens = [env(\"CANARY\"), file(\"secrets/canary\"), \"\", \"z\"]", map[string]any{"token": "x", "tokens": []any{"canary-value-of-a-variable", "canary-content-of-a-file", "", "z"}}},
		"secrets in a map":       {"token = \"x\"\nkeyring = { a = file(\"secrets/canary\"), \"b c\" = \"y\", d = null }", map[string]any{"token": "x", "keyring": map[string]any{"a": "canary-content-of-a-file", "b c": "y", "d": nil}}},
		"secret numbers":         {"token = \"x\"\npins = [2, 1, 2]", map[string]any{"token": "x", "pins": []any{2.0, 1.0, 2.0}}},
		"secrets in a set":       {"token = \"x\"\ntokens = toset([\"b\", \"a\", \"b\"])", map[string]any{"token": "x", "tokens": []any{"a", "b"}}},
		"secrets of any type":    {"token = \"x\"\ncredentials = { user = \"u\", numbers = [1, true, { a = env(\"CANARY\") }] }", map[string]any{"token": "x", "credentials": map[string]any{"user": "u", "numbers": []any{1.0, true, map[string]any{"a": "canary-value-of-a-variable"}}}}},
		"numbers and booleans":   {"token = \"x\"\ncount = 1.5\non = false", map[string]any{"token": "x", "count": 1.5, "on": false}},
		"a number as a secret":   {"token = 12345", map[string]any{"token": "12345"}},
		"variables anywhere":     {"token = \"x\"\nnames = split(\"-\", env(\"CANARY\"))", map[string]any{"token": "x", "names": []any{"canary", "value", "of", "a", "variable"}}},
		"optional members":       {"token = \"x\"\nobject = { name = \"n\" }", map[string]any{"token": "x", "object": map[string]any{"name": "n", "size": 1.0}}},
		"any value":              {"token = \"x\"\nfree = [1, { b = null }]", map[string]any{"token": "x", "free": []any{1.0, map[string]any{"b": nil}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			workplace(t)
			c := mustDecode(t, kitchen(test.arguments))
			want := maps.Clone(defaults)
			maps.Copy(want, test.want)
			if diff := cmp.Diff(want, values(t, c)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			arguments := c.Connectors[0].Arguments
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				if shown := fmt.Sprintf(verb, c); strings.Contains(shown, "canary") || strings.Contains(shown, "63616e617279") {
					t.Errorf("%s shows a secret: %s", verb, shown)
				}
			}
			if len(arguments.Secrets()) == 0 {
				t.Error("no secret is known")
			}
		})
	}
}

func TestFileSecretsRotateWithoutReload(t *testing.T) {
	tests := map[string]struct {
		expression string
		rotates    bool
	}{
		"a file":                    {`file("secrets/rotating-token")`, true},
		"in parentheses":            {`(file("secrets/rotating-token"))`, true},
		"in a template of its own":  {`"${file("secrets/rotating-token")}"`, true},
		"a computed path":           {`file("secrets/${lower("ROTATING")}-token")`, true},
		"the chosen one of two":     {`env("ABSENT", "") == "" ? file("secrets/rotating-token") : file("secrets/canary")`, true},
		"part of something greater": {`"x ${file("secrets/rotating-token")}"`, false},
		"changed by a function":     {`lower(file("secrets/rotating-token"))`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			workplace(t)
			c := mustDecode(t, kitchen("token = "+test.expression+"\ntokens = [\"z\", "+test.expression+"]"))
			before := values(t, c)
			if !strings.Contains(before["token"].(string), "canary-before") {
				t.Fatalf("before: %v", before)
			}
			if err := os.WriteFile("secrets/rotating-token", []byte("canary-beyond\r\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			after := values(t, c)
			if got := strings.Contains(after["token"].(string), "canary-beyond"); got != test.rotates {
				t.Errorf("rotates: %v, want %v", got, test.rotates)
			}
			if got := strings.Contains(after["tokens"].([]any)[1].(string), "canary-beyond"); got != test.rotates {
				t.Errorf("rotates in a list: %v, want %v", got, test.rotates)
			}
			if again := mustDecode(t, kitchen("token = "+test.expression+"\ntokens = [\"z\", "+test.expression+"]")); (again.Connectors[0].Fingerprint == c.Connectors[0].Fingerprint) != test.rotates {
				t.Error("the fingerprint counts the content of a file that is read again anyway, or does not count one that is not")
			}
			if err := os.Remove("secrets/rotating-token"); err != nil {
				t.Fatal(err)
			}
			_, err := c.Connectors[0].Arguments.Encode()
			if (err != nil) != test.rotates {
				t.Errorf("without the file: %v", err)
			}
			if err != nil && (!strings.Contains(err.Error(), "argument token") || !strings.Contains(err.Error(), "rotating-token")) {
				t.Errorf("the error does not name the argument and the file: %v", err)
			}
		})
	}
}

// What the relay itself reads in a connector block is no argument of a plugin's.
func TestTheRelaysOwnArgumentsAreReserved(t *testing.T) {
	var own []string
	for _, a := range ownAttributes() {
		own = append(own, a.Name)
	}
	for _, b := range ownBlocks() {
		own = append(own, b.Name)
	}
	slices.Sort(own)
	if diff := cmp.Diff(own, contract.Reserved()); diff != "" {
		t.Errorf("(-own +reserved):\n%s", diff)
	}
}
