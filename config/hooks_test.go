package config

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestHooks: a connector's hooks block comes before the relay's, argument by argument.
func TestHooks(t *testing.T) {
	workplace(t)
	_, c, diags := decode(t, `
relay {
  trusted_proxies = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"]
  hooks {
    max_body = "512 KiB"
    rate     = "60/m"
    burst    = 20
  }
}

channel "lobby" {
  type = "inbox"
}

connector "webhook" "plain" {
  route { to = [channel.lobby] }
}

connector "webhook" "own" {
  hooks {
    max_body    = "4MB"
    concurrency = 8
  }
  route { to = [channel.lobby] }
}
`)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("fd00::/8")}
	if diff := cmp.Diff(proxies, c.Relay.TrustedProxies, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	for i, want := range []Hooks{
		{MaxBody: 512 << 10, Rate: 1, Burst: 20},
		{MaxBody: 4 << 20, Rate: 1, Burst: 20, Concurrency: 8},
	} {
		if got := c.Connectors[i].Hooks; got != want {
			t.Errorf("%s has %+v", c.Connectors[i].Name, got)
		}
	}
	if c.Connectors[0].Fingerprint == c.Connectors[1].Fingerprint {
		t.Error("a reload would not notice the difference")
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"1KB": 1 << 10, "1.5MB": 3 << 19, "2GiB": 2 << 30, "1tb": 1 << 40, "10 mb": 10 << 20} {
		if got, ok := parseSize(text); !ok || got != want {
			t.Errorf("%s is %d, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "1", "MB", "-1MB", "1MBMB", "nanMB", "infGB", "1e300TB", "1B"} {
		if got, ok := parseSize(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
}
