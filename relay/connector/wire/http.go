package wire

import (
	"fmt"
	"net/netip"

	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/secret"
)

// FromSettings puts the settings of outgoing requests into their wire form. It reads the
// proxy's URL now, and fails when the URL's file cannot be read.
func FromSettings(s outbound.Settings) (*HTTP, error) {
	proxy, err := s.Proxy.Reveal()
	if err != nil {
		return nil, fmt.Errorf("http.proxy: %w", err)
	}
	w := &HTTP{
		Proxy: proxy, CaPem: s.CA, ClientCert: s.ClientCert, ClientKey: s.ClientKey, MinTls: s.MinTLS,
		ProxyDns: s.ProxyDNS, UserAgent: s.UserAgent,
	}
	for _, network := range s.Allow {
		w.Allow = append(w.Allow, network.String())
	}
	return w, nil
}

// ToSettings reads the settings of outgoing requests.
func ToSettings(w *HTTP) (outbound.Settings, error) {
	s := outbound.Settings{
		Proxy: secret.New(w.GetProxy()), CA: w.GetCaPem(), ClientCert: w.GetClientCert(), ClientKey: w.GetClientKey(), MinTLS: w.GetMinTls(),
		ProxyDNS: w.GetProxyDns(), UserAgent: w.GetUserAgent(),
	}
	for _, text := range w.GetAllow() {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return s, fmt.Errorf("http.allow: %q is not a network such as 10.0.0.0/8", text)
		}
		s.Allow = append(s.Allow, network.Masked())
	}
	return s, nil
}
