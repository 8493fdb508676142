package plan

import (
	"cmp"
	"fmt"
	"net/netip"

	"github.com/connector-relay/relay/config"
)

// teamParts is who is in each team.
func teamParts(c *config.Config) map[string]config.Parts {
	parts := make(map[string]config.Parts)
	for _, t := range c.Teams {
		parts[t.Name] = config.Parts{"members": fmt.Sprintf("%q", t.Members), "groups": fmt.Sprintf("%q", t.Groups)}
	}
	return parts
}

// signInParts is who signs in to the dashboard, where, and with which role.
func signInParts(c *config.Config) map[string]config.Parts {
	parts := make(map[string]config.Parts)
	a := c.Dashboard.Auth
	if a == nil {
		return parts
	}
	if o := a.OIDC; o != nil {
		parts["oidc"] = config.Parts{
			"issuer": o.Issuer, "client_id": o.ClientID, "client_secret": o.ClientSecret.Fingerprint(), "name_claim": o.NameClaim, "groups_claim": o.GroupsClaim,
		}
	}
	for _, u := range a.Users {
		parts["user "+u.Name] = config.Parts{"password": u.Password.Fingerprint()}
	}
	for _, r := range a.Roles {
		parts["role "+r.Name] = config.Parts{"members": fmt.Sprintf("%q", r.Members), "groups": fmt.Sprintf("%q", r.Groups)}
	}
	return parts
}

// certificate is where the dashboard's certificate comes from.
func certificate(d config.Dashboard) string {
	switch {
	case d.TLS != nil:
		return d.TLS.Certificate
	case d.ACME != nil:
		return cmp.Or(d.ACME.Directory, "acme")
	}
	return ""
}

func session(d config.Dashboard) string {
	if d.Auth == nil {
		return ""
	}
	return d.Auth.Session.String()
}

func networks(list []netip.Prefix) string {
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprint(list)
}
