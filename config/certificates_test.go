package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/outbound/trusttest"
)

// copyFile copies a file, and gives it a mode whatever the umask is.
func copyFile(t testing.TB, from, to string, mode os.FileMode) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(to, mode); err != nil {
		t.Fatal(err)
	}
}

// A narrower http block may take over, replace and take away each attribute of
// the wider one by itself.
func TestTLSSettingsOverride(t *testing.T) {
	type shown struct{ CA, Cert, Key, Min string }
	const relay = `
    ca_file     = "tls/client.pem"
    client_cert = "tls/client.pem"
    client_key  = "tls/client.key"
    min_tls     = "1.3"`
	for name, test := range map[string]struct {
		relay, narrower string
		want            shown
	}{
		"nothing":              {"", "", shown{Min: "1.2"}},
		"what the relay says":  {relay, "", shown{"client.pem", "client.pem", "client.key", "1.3"}},
		"what it says itself":  {"", relay, shown{"client.pem", "client.pem", "client.key", "1.3"}},
		"null, which is not":   {relay, "client_cert = null\nclient_key = null\nmin_tls = null", shown{"client.pem", "client.pem", "client.key", "1.3"}},
		"another certificate":  {relay, "client_cert = \"tls/other.pem\"\nclient_key = \"tls/other.key\"", shown{"client.pem", "other.pem", "other.key", "1.3"}},
		"another file of keys": {relay, `client_key = "tls/open.key"`, shown{"client.pem", "client.pem", "open.key", "1.3"}},
		"another certificate for the key": {
			relay, `client_cert = "tls/again.pem"`, shown{"client.pem", "again.pem", "client.key", "1.3"},
		},
		"no certificate": {relay, "client_cert = \"\"\nclient_key = \"\"", shown{CA: "client.pem", Min: "1.3"}},
		"an older TLS":   {relay, `min_tls = "1.2"`, shown{"client.pem", "client.pem", "client.key", "1.2"}},
		"no CA file":     {relay, `ca_file = ""`, shown{"", "client.pem", "client.key", "1.3"}},
	} {
		t.Run(name, func(t *testing.T) {
			workplace(t)
			copyFile(t, "tls/client.pem", "tls/again.pem", 0o600)
			c := mustDecode(t, `
relay {
  http {
`+test.relay+`
  }
}
channel "a" {
  type = "webhook"
  url  = "https://example.com/a"
  http {
`+test.narrower+`
  }
}
connector "rss" "b" {
  url = "https://example.com/b"
  http {
`+test.narrower+`
  }
  route {
    to = [channel.a]
  }
}
`)
			for place, h := range map[string]outbound.Settings{"channel": c.Channels[0].HTTP, "connector": c.Connectors[0].HTTP} {
				got := shown{nameOf(t, h.CA), inTLS(t, h.ClientCert), inTLS(t, h.ClientKey), h.MinTLS}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", place, diff)
				}
			}
		})
	}
}

// nameOf is the name of the file in that directory with this content.
func nameOf(t *testing.T, content []byte) string {
	t.Helper()
	if content == nil {
		return ""
	}
	files, err := filepath.Glob("tls/*.pem")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && bytes.Equal(b, content) && !strings.HasSuffix(file, "again.pem") {
			return filepath.Base(file)
		}
	}
	t.Errorf("%q stands in no file", content)
	return ""
}

// inTLS is the name of a file in the workplace's directory tls.
func inTLS(t *testing.T, path string) string {
	t.Helper()
	if path == "" {
		return ""
	}
	if want := filepath.Join(root(t), "tls"); filepath.Dir(path) != want {
		t.Errorf("%s is not in %s", path, want)
	}
	return filepath.Base(path)
}

// A client certificate is read again by those who use it; a CA file is not.
func TestANewCAFileIsAChangeAndARenewedCertificateIsNone(t *testing.T) {
	const settings = `
    ca_file     = "tls/other.pem"
    client_cert = "tls/client.pem"
    client_key  = "tls/client.key"`
	source := "relay {\n  http {" + settings + "\n  }\n}\n" + fingerprinted
	workplace(t)
	before := mustDecode(t, source)
	authority := trusttest.New(t)
	authority.Issue(t, "client", "tls/client.pem", "tls/client.key")
	renewed := mustDecode(t, source)
	authority.Issue(t, "other", "tls/other.pem", "tls/other.key")
	trusting := mustDecode(t, source)
	if before.Channels[0].Fingerprint != renewed.Channels[0].Fingerprint || before.Connectors[0].Fingerprint != renewed.Connectors[0].Fingerprint {
		t.Error("a renewed certificate is a change")
	}
	if renewed.Channels[0].Fingerprint == trusting.Channels[0].Fingerprint || renewed.Connectors[0].Fingerprint == trusting.Connectors[0].Fingerprint {
		t.Error("a new authority is no change")
	}
}
