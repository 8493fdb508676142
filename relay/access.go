package relay

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/door"
	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/access/openid"
	"github.com/connector-relay/relay/relay/certificate"
	"github.com/connector-relay/relay/relay/listener"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/operator/guard"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/signin"
	"github.com/connector-relay/relay/relay/store"
)

// estate says to whom the parts of a configuration belong.
func estate(p *plan.Plan) *guard.Estate {
	c := p.Config
	e := &guard.Estate{Teams: make(map[string]string), Connectors: make(map[string]guard.Connector)}
	for _, channel := range c.Channels {
		e.Teams[channel.Name] = channel.Team
	}
	for _, connector := range c.Connectors {
		g := guard.Connector{Owner: connector.Owner, Team: connector.Team}
		for _, r := range connector.Routes {
			g.Channels = append(g.Channels, r.To...)
		}
		e.Connectors[connector.Name] = g
	}
	for name, a := range p.Asides {
		if _, declared := e.Connectors[name]; !declared {
			e.Connectors[name] = guard.Connector{Owner: a.Owner, Team: a.Team}
		}
	}
	return e
}

func (r *Relay) currentEstate() *guard.Estate {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.estate
}

// audit keeps an entry of the audit log in the store, and in the log if the store cannot.
func (r *Relay) audit(ctx context.Context, e operator.Audited) {
	r.keepAudit(ctx, store.AuditEntry(e))
}

func (r *Relay) keepAudit(ctx context.Context, e store.AuditEntry) {
	err := r.store.Audit(ctx, e)
	log := r.log.Info()
	if err != nil {
		log = r.log.Error().Err(err)
	}
	log.Str("who", e.Who).Str("via", e.Via).Str("action", e.Action).Str("subject", e.Subject).Str("outcome", e.Outcome).Str("detail", e.Detail).Msg("audit")
}

// openDoor makes what decides who gets to the dashboard, and as whom.
func (r *Relay) openDoor(_ context.Context, n *next) (undo, error) {
	key := signin.Key{File: n.plan.Config.Relay.Key}
	r.gate = gate.New()
	r.certified = certificate.New(r.log.Part("certificate"), r.gate.Upgrade())
	r.door = door.New(door.Options{
		Store: r.store, Log: r.log.Part("door"), Key: func() ([]byte, error) { return key.Derive("dashboard") }, Audit: r.keepAudit, SignedIn: r.signedIn,
	})
	return nil, nil
}

// dashboardOpening is the dashboard's listener.
func (r *Relay) dashboardOpening(d config.Dashboard) listener.Opening {
	o := listener.Opening{Purpose: "dashboard", Address: d.Listen, Handler: r.dashboardHandler()}
	if d.TLS != nil || d.ACME != nil {
		o.TLS, o.Plain = r.certified.TLS(), r.certified.Plain()
	}
	return o
}

// admit lets those to the dashboard whom a configuration admits, and nobody else.
func (r *Relay) admit(c *config.Config) {
	d := c.Dashboard
	through := http.DefaultTransport
	if t, err := r.connections.Trusted(c.Relay.HTTP); err == nil { // as it is, because the settings were checked
		through = t
	}
	s := gate.Settings{Proxies: d.TrustedProxies}
	if d.PublicURL != "" {
		s.Public, _ = url.Parse(d.PublicURL) // it was checked
	}
	r.gate.Use(s)
	from := certificate.Settings{}
	switch {
	case d.TLS != nil:
		from.Certificate, from.Key = d.TLS.Certificate, d.TLS.Key
	case d.ACME != nil && s.Public != nil:
		from.Host, from.Directory, from.Email, from.Cache = s.Public.Hostname(), d.ACME.Directory, d.ACME.Email, c.Relay.Certificates
	}
	r.certified.Use(from, &http.Client{Transport: through, Timeout: time.Minute})
	r.door.Use(admitted(c, through))
}

// admitted says whom a configuration admits to the dashboard; nil means everybody.
func admitted(c *config.Config, through http.RoundTripper) *door.Settings {
	auth := c.Dashboard.Auth
	if auth == nil {
		return nil
	}
	s := &door.Settings{Session: auth.Session, Through: through}
	for _, t := range c.Teams {
		s.Roster.Teams = append(s.Roster.Teams, access.Team{Name: t.Name, Membership: access.Membership{Members: t.Members, Groups: t.Groups}})
	}
	for _, r := range auth.Roles {
		m := access.Membership{Members: r.Members, Groups: r.Groups}
		switch access.Role(r.Name) {
		case access.Ops:
			s.Roster.Ops = m
		case access.Reader:
			s.Roster.Readers = m
		}
	}
	for _, u := range auth.Users {
		if name, ok := access.CleanName(u.Name); ok {
			s.Users = append(s.Users, door.User{Name: name, Password: u.Password})
		}
	}
	if o := auth.OIDC; o != nil {
		s.OpenID = &openid.Settings{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, NameClaim: o.NameClaim, GroupsClaim: o.GroupsClaim}
	}
	return s
}
