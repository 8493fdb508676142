package intake

import (
	"net/http"
	"net/netip"

	"github.com/connector-relay/relay/relay/forwarded"
)

// remote is the sender's address. It is empty when a trusted proxy reports nothing readable.
func (i *Intake) remote(r *http.Request) string {
	var proxies forwarded.Proxies
	if list := i.proxies.Load(); list != nil {
		proxies = *list
	}
	addr, ok := proxies.For(r)
	if !ok {
		return ""
	}
	return addr.String()
}

// TrustProxies sets the proxies that are trusted from now on.
func (i *Intake) TrustProxies(list []netip.Prefix) {
	proxies := forwarded.Proxies(list)
	i.proxies.Store(&proxies)
}
