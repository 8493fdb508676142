package route

import (
	"strings"

	"github.com/connector-relay/relay/relay/route/language"
)

// Fingerprint changes exactly when the route's behaviour may change, not with comments,
// layout or the order of attributes. It may be long and contains the route's text: hash
// it before showing it.
func (r *Route) Fingerprint() string {
	var b strings.Builder
	b.WriteString(strings.Join(r.To, ","))
	if r.when != nil {
		b.WriteString(" when ")
		b.WriteString(language.CanonicalExpression(r.when.written, r.scope))
	}
	if r.urgent != nil {
		b.WriteString(" urgent ")
		b.WriteString(language.CanonicalExpression(r.urgent.written, r.scope))
	}
	if r.card != nil {
		b.WriteString(" card ")
		b.WriteString(language.Canonical(r.card.written, r.scope))
	}
	return b.String()
}
