package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/chat/systems"
)

const savedFile = `
dashboard {
  listen = "127.0.0.1:8081"
  auth {
    user "ops@example.com" { password = env("HASH") }
    role "ops" { members = ["ops@example.com"] }
  }
}
team "platform" {
  members = ["ada@example.com"]
  groups  = ["g-platform"]
}
channel "lobby" {
  type = "inbox"
  team = team.platform
}
connector "rss" "blog" {
  url = "https://go.dev/blog/feed.atom"
  route { to = [channel.lobby] }
}
`

// withSaved decodes a configuration with saved blocks, by name.
func withSaved(t *testing.T, o Options, blocks ...string) (*File, *Config) {
	t.Helper()
	write(t, savedFile)
	o.Path, o.Systems = "relay.hcl", systems.All()
	for i := 0; i < len(blocks); i += 2 {
		o.Saved = append(o.Saved, Saved{Name: blocks[i], HCL: blocks[i+1]})
	}
	f, diags := Parse(o)
	c, more := f.Decode(connectorTypes())
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatalf("the saved blocks concern the files: %v", f.Error(diags))
	}
	return f, c
}

func storedSecrets(name string) (string, error) {
	switch name {
	case "mine.token", "mine.secret":
		return "CANARY-stored-secret", nil
	case "mine.path":
		return "/webhookb2/0123456789abcdef", nil
	}
	return "", errors.New("nothing is stored under this name")
}

func TestASavedBlockIsAConnectorLikeAnyOther(t *testing.T) {
	workplace(t)
	f, c := withSaved(t, Options{Secret: storedSecrets}, "mine", `connector "github" "mine" {
  owner      = "ada@example.com"
  team       = team.platform
  repository = "acme/relay"
  token      = secret("mine.token")
  path       = secret("mine.path")
  expires    = "2027-01-31T00:00:00Z"
  route {
    when = event.kind == "release"
    to   = [channel.lobby]
  }
}`)
	if len(f.Asides()) != 0 || len(c.Connectors) != 2 {
		t.Fatalf("%d connectors, aside %v", len(c.Connectors), f.Asides())
	}
	got := c.Connectors[1]
	if !got.Saved || got.Team != "platform" || got.Owner != "ada@example.com" || len(got.Suspended) != 0 || !got.Expires.Equal(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", got)
	}
	if encoded, err := got.Arguments.Encode(); err != nil || !strings.Contains(string(encoded), "CANARY-stored-secret") {
		t.Errorf("arguments %s, %v", encoded, err)
	}
	if path, _ := got.Path.Reveal(); path != "/webhookb2/0123456789abcdef" {
		t.Errorf("path %q", path)
	}
	if c.Connectors[0].Saved {
		t.Error("a connector of a file counts as saved")
	}
}

func TestASavedBlockWithMistakesIsSetAside(t *testing.T) {
	workplace(t)
	for name, c := range map[string]struct{ block, want string }{
		"no HCL":                        {`connector "rss" "mine" {`, "Unclosed configuration block"},
		"nothing":                       {``, "Not a connector"},
		"another block":                 {`channel "mine" { type = "inbox" }`, "Not a connector"},
		"two blocks":                    {"connector \"rss\" \"mine\" {}\nchannel \"x\" { type = \"inbox\" }", "Not a connector"},
		"another name":                  {`connector "rss" "yours" { url = "https://example.com" }`, "Not a connector"},
		"an unknown type":               {`connector "nope" "mine" {}`, `There is no connector type "nope"`},
		"an unknown channel":            {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n route { to = [channel.gone] }\n}", `There is no channel "gone"`},
		"an unknown team":               {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n team = team.gone\n}", `There is no team "gone"`},
		"a missing argument":            {`connector "rss" "mine" {}`, `"url" is required`},
		"the environment":               {`connector "rss" "mine" { url = env("HOME") }`, `There is no function "env"`},
		"a file":                        {`connector "rss" "mine" { url = file("/etc/passwd") }`, `There is no function "file"`},
		"a file in a condition":         {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n route {\n  to = [channel.lobby]\n  when = file(\"/etc/passwd\") == \"\"\n }\n}", `There is no function "file"`},
		"a file in a card":              {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n route {\n  to = [channel.lobby]\n  card { title = file(\"/etc/passwd\") }\n }\n}", `There is no function "file"`},
		"its secret in a card":          {`connector "github" "mine" {` + "\n repository = \"a/b\"\n route {\n  to = [channel.lobby]\n  card { title = secret(\"mine.token\") }\n }\n}", `There is no function "secret"`},
		"its secret in channels":        {`connector "github" "mine" {` + "\n repository = \"a/b\"\n route { to = [secret(\"mine.token\")] }\n}", `There is no function "secret"`},
		"another's secret":              {`connector "github" "mine" {` + "\n repository = \"a/b\"\n token = secret(\"blog.token\")\n}", "only its own secrets"},
		"another's with a longer name":  {`connector "github" "mine" {` + "\n repository = \"a/b\"\n token = secret(\"minefield.token\")\n}", "only its own secrets"},
		"a secret that is not stored":   {`connector "github" "mine" {` + "\n repository = \"a/b\"\n token = secret(\"mine.nothing\")\n}", "nothing is stored under this name"},
		"a secret in the block":         {`connector "github" "mine" {` + "\n repository = \"a/b\"\n token = \"CANARY-in-the-block\"\n}", "Fill it in on the page"},
		"a path in the block":           {`connector "webhook" "mine" { path = "/webhookb2/0123456789abcdef" }`, "Fill it in on the page"},
		"a condition without end":       {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n route {\n  to = [channel.lobby]\n  when = length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]) > 0\n }\n}", "Too costly"},
		"a key without end":             {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n route {\n  to = [channel.lobby]\n  when = length({ (" + strings.Repeat("[for a in [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] : ", 12) + "a" + strings.Repeat("]", 12) + ") = 1 }) > 0\n }\n}", "Too costly"},
		"an argument without end":       {`connector "kitchen" "mine" {` + "\n token = secret(\"mine.token\")\n free = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]\n}", "Too costly"},
		"channels without end":          {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n route { to = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]] }\n}", "Too costly"},
		"a secret's name without end":   {`connector "github" "mine" {` + "\n repository = \"a/b\"\n token = secret(join(\"\", flatten([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : \"c\"]]])))\n}", "Too costly"},
		"many for a file's name":        {`connector "rss" "blog" { url = "https://example.com" }`, "Not a connector"},
		"a day that is none":            {`connector "webhook" "mine" { expires = "tomorrow" }`, "Not a day"},
		"a name with a quote":           {`connector "rss" "mi\"ne" {}`, "Not a connector"},
		"a block inside":                {`connector "rss" "mine" {` + "\n url = \"https://example.com\"\n channel \"x\" {}\n}", `There is no block "channel"`},
		"for_each, which files have":    {`connector "rss" "mine" {` + "\n for_each = [\"a\"]\n url = \"https://example.com\"\n}", `for_each`},
		"a path that another block has": {`connector "webhook" "mine" { path = secret("mine.token") }`, "Not a path for a hook"},
	} {
		t.Run(name, func(t *testing.T) {
			f, config := withSaved(t, Options{Secret: storedSecrets}, "mine", c.block)
			asides := f.Asides()
			if len(config.Connectors) != 1 || len(asides) != 1 || asides[0].Name != "mine" {
				t.Fatalf("%d connectors, aside %+v", len(config.Connectors), asides)
			}
			if shown := f.Error(asides[0].Diagnostics).Error(); !strings.Contains(shown, c.want) || strings.Contains(shown, "CANARY") {
				t.Errorf("it says\n%s\nwant %q, and no secret", shown, c.want)
			}
		})
	}
}

func TestAFileWinsOverASavedBlock(t *testing.T) {
	workplace(t)
	f, c := withSaved(t, Options{}, "blog", `connector "rss" "blog" { url = "https://example.com/other" }`)
	asides := f.Asides()
	if len(c.Connectors) != 1 || len(asides) != 1 || !asides[0].Declared {
		t.Fatalf("%d connectors, aside %+v", len(c.Connectors), asides)
	}
	if shown := f.Error(asides[0].Diagnostics).Error(); !strings.Contains(shown, `declared in relay.hcl on line 17`) {
		t.Errorf("it says\n%s", shown)
	}
}

func TestASecretThatIsNotAtHandStandsForItself(t *testing.T) {
	workplace(t)
	write(t, savedFile+`
connector "webhook" "ci" {
  path = secret("ci.path")
  route { to = [channel.lobby] }
}
connector "github" "code" {
  repository = "acme/relay"
  token      = secret("code.token")
  route { to = [channel.lobby] }
}`)
	f, diags := Parse(Options{Path: "relay.hcl", Systems: systems.All()})
	c, more := f.Decode(connectorTypes())
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatal(f.Error(diags))
	}
	if w := f.Warnings(diags); len(w) != 2 || !strings.Contains(w[1], "Stored secrets not checked") {
		t.Errorf("warnings %q", w)
	}
	if !c.Connectors[2].Unread("token") || c.Connectors[2].Unread("repository") {
		t.Error("only the token is not at hand")
	}
}

func TestMembersByGroupsOfTheirSignIn(t *testing.T) {
	workplace(t)
	block := func(owner, to string) string {
		return fmt.Sprintf("connector \"rss\" \"mine\" {\n owner = %q\n team = team.platform\n url = \"https://example.com\"\n route { to = [%s] }\n}", owner, to)
	}
	gone := map[string]string{"lobby": "the connector's owner eve@example.com is not a member of team platform"}
	for name, c := range map[string]struct {
		owner string
		seen  map[string][]string
		want  map[string]string
	}{
		"a member by name":                 {"Ada@example.com", nil, map[string]string{}},
		"a member by a group":              {" Eve@Example.com", map[string][]string{"eve@example.com": {"other", "g-platform"}}, map[string]string{}},
		"somebody who left the group":      {"eve@example.com", map[string][]string{"eve@example.com": {"other"}}, gone},
		"somebody who never signed in":     {"eve@example.com", nil, gone},
		"ops, who belong everywhere":       {"ops@example.com", nil, map[string]string{}},
		"a group that another one is in":   {"eve@example.com", map[string][]string{"ada@example.com": {"g-platform"}}, gone},
		"a group of nearly the same name":  {"eve@example.com", map[string][]string{"eve@example.com": {"G-platform"}}, gone},
		"a name with the domain of a team": {"eve@example.com", map[string][]string{"eve@example.com": {"platform"}}, gone},
	} {
		t.Run(name, func(t *testing.T) {
			_, config := withSaved(t, Options{Seen: c.seen}, "mine", block(c.owner, "channel.lobby"))
			if diff := cmp.Diff(c.want, config.Connectors[1].Suspended); diff != "" {
				t.Errorf("suspended (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManySavedBlocksAreReadInTime: neither their number nor how long it takes to read them
// sets one aside.
func TestManySavedBlocksAreReadInTime(t *testing.T) {
	workplace(t)
	var blocks []string
	for i := range 300 {
		name := fmt.Sprintf("mine%d", i)
		blocks = append(blocks, name, fmt.Sprintf("connector \"github\" %q {\n repository = \"a/b\"\n token = secret(\"%s.token\")\n route { to = [channel.lobby] }\n}", name, name))
	}
	f, c := withSaved(t, Options{Secret: func(name string) (string, error) {
		return "CANARY of " + name, nil
	}}, blocks...)
	if len(f.Asides()) != 0 || len(c.Connectors) != 301 {
		t.Errorf("%d connectors, and %d set aside", len(c.Connectors), len(f.Asides()))
	}
}

// FuzzSaved holds that no text of a saved block concerns anything but itself, and that what
// it says shows no secret.
func FuzzSaved(f *testing.F) {
	for _, seed := range []string{
		"", "connector \"github\" \"mine\" {\n repository = \"a/b\"\n token = secret(\"mine.token\")\n route {\n  to = [channel.lobby]\n  when = event.kind == secret(\"mine.token\")\n }\n}",
		"connector \"kitchen\" \"mine\" {\n token = \"${secret(\"mine.token\")}\"\n pins = [secret(\"mine.token\")]\n path = secret(\"mine.token\")\n}",
		"connector \"rss\" \"blog\" {}", "channel \"lobby\" {}", "relay { store = \"/tmp/x\" }", "connector \"rss\" \"mine\" {\n for_each = {}\n}", "locals { a = file(\"/etc/passwd\") }",
	} {
		f.Add(seed)
	}
	workplace(f)
	f.Fuzz(func(t *testing.T, hcl string) {
		write(t, savedFile)
		o := Options{Path: "relay.hcl", Systems: systems.All(), Secret: storedSecrets, Saved: []Saved{{Name: "mine", HCL: hcl}}}
		file, diags := Parse(o)
		c, more := file.Decode(connectorTypes())
		if diags = append(diags, more...); diags.HasErrors() {
			t.Fatalf("it concerns the files: %v", file.Error(diags))
		}
		if len(c.Channels) != 1 || len(c.Connectors) > 2 || c.Connectors[0].Name != "blog" || len(c.Connectors)+len(file.Asides()) != 2 {
			t.Errorf("there are %d channels, %d connectors and %d set aside", len(c.Channels), len(c.Connectors), len(file.Asides()))
		}
		for _, a := range file.Asides() {
			if shown := file.Error(a.Diagnostics).Error(); strings.Contains(shown, "CANARY-stored") || strings.Contains(shown, "root:") {
				t.Errorf("it shows a secret:\n%s", shown)
			}
		}
	})
}
