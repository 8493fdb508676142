package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Parts are the fingerprints of what a block says, by the names it has in the file.
type Parts map[string]string

// Differ names the parts that are not the same, in order.
func (p Parts) Differ(other Parts) []string {
	var names []string
	for _, parts := range []Parts{p, other} {
		for name := range parts {
			if p[name] != other[name] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// fingerprint collects what a running part depends on.
type fingerprint struct {
	hash.Hash
	parts Parts
}

func newFingerprint() fingerprint { return fingerprint{Hash: sha256.New(), parts: make(Parts)} }

// add adds one named value. Values are written so that no two lists of values are
// alike.
func (f fingerprint) add(name string, value any) {
	fmt.Fprintf(f, "%s=%q\n", name, fmt.Sprint(value))
	part, _, _ := strings.Cut(name, ".")
	f.parts[part] = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s%s=%q", f.parts[part], name, fmt.Sprint(value))))
}

func (f fingerprint) String() string { return hex.EncodeToString(f.Sum(nil)) }

func (f fingerprint) http(h HTTP) {
	f.add("http.proxy", h.Proxy.Fingerprint())
	f.add("http.ca_file", h.CAFile)
	f.add("http.ca_sum", h.CASum)
	f.add("http.client_cert", h.ClientCert)
	f.add("http.client_key", h.ClientKey)
	f.add("http.min_tls", h.MinTLS)
	f.add("http.allow", h.Allow)
	f.add("http.proxy_dns", h.ProxyDNS)
}

// fingerprintChannel does not count the name, by which channels are compared, nor
// the place in the file.
func fingerprintChannel(c Channel, people People) (string, Parts) {
	f := newFingerprint()
	if t, _ := findChannelType(c.Type); t.calls {
		f.add("people", people) // fmt prints maps in the order of their keys
	}
	f.add("type", c.Type)
	f.add("url", c.URL.Fingerprint())
	f.add("payload", c.Payload)
	f.add("secret", c.Secret.Fingerprint())
	f.add("to", c.To)
	f.add("topic", c.Topic)
	f.add("user", c.User)
	f.add("token", c.Token.Fingerprint())
	f.add("card_version", c.CardVersion)
	f.add("answer", c.Answer)
	f.add("thread", c.Thread)
	f.add("rate", c.Rate)
	f.add("burst", c.Burst)
	f.add("concurrency", c.Concurrency)
	f.add("retry", c.Retry)
	f.add("quiet", quietWords(c.Quiet))
	f.add("digest", c.Digest)
	f.http(c.HTTP)
	return f.String(), f.parts
}

func fingerprintConnector(c Connector) (string, Parts) {
	f := newFingerprint()
	f.add("type", c.Type)
	f.add("enabled", c.Enabled)
	f.add("schedule", c.Schedule)
	f.add("timeout", c.Timeout)
	f.add("max_silence", c.MaxSilence)
	f.add("path", c.Path.Fingerprint())
	f.add("suspended", c.Suspended) // fmt prints maps in the order of their keys
	f.http(c.HTTP)
	f.add("hooks", c.Hooks)
	f.add("quota", c.Quota)
	for _, r := range c.Routes {
		f.add("routes", r.Fingerprint())
	}
	f.add("arguments", c.Arguments.fingerprint())
	return f.String(), f.parts
}
