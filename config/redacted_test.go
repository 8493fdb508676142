package config

import (
	"strings"
	"testing"
)

// everywhere has a secret in every place that one may stand in.
const everywhere = `# token = "CANARY-1"
# An old channel: url: https://hooks.example.com/CANARY-2
/* "password": "CANARY-3" */
locals {
  token  = "CANARY-4"
  shared = "CANARY-5" # used below
  deeper = { inner = ["x", "CANARY-6"], password = "CANARY-7" }
  urls = {
    red  = "https://example.com/CANARY-8"
    blue = env("RELEASES_WEBHOOK_URL")
  }
  built = "https://example.com/${local.part}"
  part  = upper("CANARY-9")
}
relay {
  ops = channel.lobby
  http { proxy = "http://user:CANARY-10@proxy.example.com:3128" }
}
dashboard {
  auth {
    user "ada@example.com" { password = "$argon2id$v=19$m=65536,t=3,p=4$Q0FOQVJZLTEx$Q0FOQVJZLTExQ0FOQVJZLTExQ0FOQVJZ" }
    oidc {
      issuer        = "https://login.example.com"
      client_id     = "relay"
      client_secret = "CANARY-12"
    }
    role "ops" { members = ["ada@example.com"] }
  }
}
channel "lobby" { type = "inbox" }
channel "team" {
  for_each = local.urls
  type     = "office365"
  url      = each.value
}
channel "nobody" {
  for_each = toset([])
  type     = "office365"
  url      = "https://example.com/CANARY-13"
}
channel "built" {
  type = "webhook"
  url  = local.built
  secret = <<-END
    CANARY-14
    ${upper("CANARY-15")} and
    CANARY-16
  END
}
connector "kitchen" "sink" {
  path   = "/CANARY-17-0123456789abcdef"
  token  = "a ${true ? "CANARY-18" : "CANARY-19"} ${local.shared}"
  tokens = [env("NOT_SET", "CANARY-20"), local.deeper.inner[1]]
  pins   = [123456]
  credentials = {
    name = "CANARY-21"
    more = [{ "CANARY-22" = jsondecode("{\"a\": \"CANARY-23\"}") }]
  }
  keyring = { for name in ["CANARY-24"] : name => base64encode("CANARY-25") }
  level   = "low"
  http { proxy = "socks5://user:CANARY-26@127.0.0.1:1080" }
  route {
    when = event.kind != "canary-value-of-a-variable" && event.key != env("CANARY")
    to   = concat(values(channel.team), [channel.built])
    card {
      title = "Not a secret"
      action "Go" {
        target  = "https://example.com/"
        headers = { Authorization = "Bearer CANARY-27", Accept = "text/plain" }
      }
    }
  }
}
plugin "acme" {
  path = "./bin/relay-plugin-acme"
  env  = { REGION = "CANARY-28" }
}
`

func TestTheFilesAreShownWithoutTheirSecrets(t *testing.T) {
	workplace(t)
	c := mustDecode(t, everywhere)
	files := c.Files
	if len(files) != 1 || files[0].Name != "relay.hcl" {
		t.Fatalf("files: %v", files)
	}
	written := strings.Split(everywhere, "\n")
	if len(files[0].Lines) != len(written)-1 {
		t.Fatalf("%d lines of %d", len(files[0].Lines), len(written)-1)
	}
	for i, line := range files[0].Lines {
		if strings.Contains(strings.ToLower(strings.ReplaceAll(line, `env("CANARY")`, "")), "canary") || strings.Contains(line, "Q0FO") || strings.Contains(line, "123456") {
			t.Errorf("line %d shows a secret: %s", i+1, line)
		}
		if !strings.ContainsAny(written[i], `"#0123456789`) && line != written[i] {
			t.Errorf("line %d is not as it was written: %s", i+1, line)
		}
	}
	shown := strings.Join(files[0].Lines, "\n")
	for _, want := range []string{
		`level   = "low"`, `title = "Not a secret"`, `issuer        = "https://login.example.com"`, `env("RELEASES_WEBHOOK_URL")`, `Accept = "text/plain"`,
		`role "ops" { members = ["ada@example.com"] }`, "# used below", `env("NOT_SET", "*********")`,
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is missing in\n%s", want, shown)
		}
	}
}

func TestNothingInTheFilesActsOnATerminal(t *testing.T) {
	workplace(t)
	c := mustDecode(t, "# \x1b[31mred\u202e\n")
	if line := c.Files[0].Lines[0]; strings.ContainsAny(line, "\x1b\u202e") {
		t.Errorf("%q", line)
	}
}
