package config

import "testing"

func TestQuota(t *testing.T) {
	workplace(t)
	_, c, diags := decode(t, `
channel "lobby" {
  type = "inbox"
}

connector "webhook" "plain" {
  route { to = [channel.lobby] }
}

connector "webhook" "bounded" {
  quota {
    events_per_hour = 500
    event_bytes     = "64KB"
  }
  route { to = [channel.lobby] }
}
`)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for i, want := range []Quota{{}, {EventsPerHour: 500, EventBytes: 64 << 10}} {
		if got := c.Connectors[i].Quota; got != want {
			t.Errorf("%s has %+v", c.Connectors[i].Name, got)
		}
	}
}
