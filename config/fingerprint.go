package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
)

// Parts are the fingerprints of a block's settings, by their names in the file.
type Parts map[string]string

// Differ returns the names of the parts that differ, in order.
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

// fingerprint hashes what a running channel or connector depends on.
type fingerprint struct {
	hash.Hash
	parts Parts
}

func newFingerprint() fingerprint { return fingerprint{Hash: sha256.New(), parts: make(Parts)} }

// add adds a named value, written so that different lists of values never look the
// same.
func (f fingerprint) add(name string, value any) {
	fmt.Fprintf(f, "%s=%q\n", name, fmt.Sprint(value))
	f.parts[name] = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s%s=%q", f.parts[name], name, fmt.Sprint(value))))
}

func (f fingerprint) String() string { return hex.EncodeToString(f.Sum(nil)) }

// fingerprintChannel leaves out the channel's name and its place in the file.
func fingerprintChannel(c Channel, people People) (string, Parts) {
	f := newFingerprint()
	if c.System.Person != nil {
		f.add("people", people) // fmt prints maps in the order of their keys
	}
	f.add("type", c.System.Name)
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		f.add(name, c.Settings[name].Fingerprint())
	}
	f.add("rate", c.Rate)
	f.add("burst", c.Burst)
	f.add("concurrency", c.Concurrency)
	f.add("retry", c.Retry)
	f.add("quiet", quietWords(c.Quiet))
	f.add("digest", c.Digest)
	f.add("http", c.HTTP.Fingerprint())
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
	f.add("expires", c.Expires.UTC())
	f.add("suspended", c.Suspended) // fmt prints maps in the order of their keys
	f.add("http", c.HTTP.Fingerprint())
	f.add("hooks", c.Hooks)
	f.add("quota", c.Quota)
	for _, r := range c.Routes {
		f.add("routes", r.Fingerprint())
	}
	f.add("arguments", c.Arguments.fingerprint())
	return f.String(), f.parts
}
