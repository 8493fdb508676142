package config

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyAMembersConnectorMayPostToATeamsChannel(t *testing.T) {
	workplace(t)
	const file = `
team "platform" { members = ["Lead@example.com", "dev@example.com"] }
channel "releases" {
  type = "inbox"
  team = team.platform
}
channel "lobby" { type = "inbox" }
connector "rss" "blog" {
  %s
  url = "https://go.dev/blog/feed.atom"
  route { to = [channel.releases, channel.lobby] }
}`
	for owner, want := range map[string]map[string]string{
		``:                            nil,
		`owner = "lead@EXAMPLE.com"`:  {},
		`owner = " dev@example.com "`: {},
		`owner = "gone@example.com"`:  {"releases": "the connector's owner gone@example.com is not a member of team platform"},
	} {
		c := mustDecode(t, fmt.Sprintf(file, owner))
		if diff := cmp.Diff(want, c.Connectors[0].Suspended); diff != "" {
			t.Errorf("%s (-want +got):\n%s", owner, diff)
		}
	}
}
