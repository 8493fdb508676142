package route

import (
	"strings"

	"github.com/connector-relay/relay/relay/route/language"
)

// Fingerprint changes exactly when something changes that decides what the route
// does; comments, layout and the order of attributes do not. It may be long, and
// holds the text of the route: hash it before it is shown.
func (r *Route) Fingerprint() string {
	var b strings.Builder
	b.WriteString(strings.Join(r.To, ","))
	if r.when != nil {
		b.WriteString(" when ")
		b.WriteString(language.CanonicalExpression(r.when.written))
	}
	if r.urgent != nil {
		b.WriteString(" urgent ")
		b.WriteString(language.CanonicalExpression(r.urgent.written))
	}
	if r.card != nil {
		b.WriteString(" card ")
		b.WriteString(language.Canonical(r.card.written))
	}
	return b.String()
}
