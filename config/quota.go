package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
)

// Quota bounds what a connector may store; 0 means the default.
type Quota struct {
	// EventsPerHour bounds the new events.
	EventsPerHour int
	// EventBytes bounds one event, its card and data.
	EventBytes int64
}

// The bounds of a quota block's values.
const (
	mostEventsPerHour = 1_000_000_000
	leastEventBytes   = 4 << 10
	mostEventBytes    = 32 << 20 // no plugin can hand over more
)

func quotaSchema() language.Schema {
	return language.Schema{Title: "a quota block", Attributes: []language.Attribute{{Name: "events_per_hour"}, {Name: "event_bytes"}}}
}

// readQuota reads a connector's quota block, if it has one.
func (f *File) readQuota(parent *hclsyntax.Body) (q Quota) {
	i := slices.IndexFunc(parent.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "quota" })
	if i < 0 {
		return q
	}
	body := parent.Blocks[i].Body
	f.add(f.check(quotaSchema(), body, parent.Blocks[i].DefRange())...)
	q.EventsPerHour, _ = f.readCount(body, "events_per_hour", mostEventsPerHour, 0)
	q.EventBytes = f.readSize(body, "event_bytes", leastEventBytes, mostEventBytes, 0)
	return q
}
