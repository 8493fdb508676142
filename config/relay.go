package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rs/zerolog"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/outbound"
	"github.com/connector-relay/relay/relay/route/language"
)

const (
	defaultListen          = "127.0.0.1:8080"
	defaultDashboardListen = "127.0.0.1:8081"
	defaultStore           = "relay.db"
	defaultPluginDir       = "plugins.d"
	defaultRetention       = 30 * 24 * time.Hour
	defaultDrainTimeout    = 30 * time.Second
	defaultMinTLS          = "1.2"
)

// defaults fills in the defaults.
func (f *File) defaults(path string) {
	f.config = Config{
		Path: path,
		Relay: Relay{
			Listen:    defaultListen,
			State:     beside(language.Path(f.dir, defaultStore)),
			PluginDir: language.Path(f.dir, defaultPluginDir),
			Log:       zerolog.InfoLevel, Retention: defaultRetention, DrainTimeout: defaultDrainTimeout,
			HTTP: outbound.Settings{MinTLS: defaultMinTLS},
		},
		Dashboard: Dashboard{Listen: defaultDashboardListen},
	}
}

func relaySchema() language.Schema {
	return language.Schema{
		Title: "a relay block",
		Attributes: []language.Attribute{
			{Name: "listen"},
			{Name: "public_url"},
			{Name: "store"},
			{Name: "plugin_dir"},
			{Name: "log"},
			{Name: "retention"},
			{Name: "ops"},
			{Name: "drain_timeout"},
			{Name: "trusted_proxies"},
		},
		Blocks: []language.Block{{Name: "http", Once: true}, {Name: "hooks", Once: true}, {Name: "disk", Once: true}},
	}
}

func logLevels() []string { return []string{"trace", "debug", "info", "warn", "error", "disabled"} }

func (f *File) relay(block *hclsyntax.Block) {
	body, r := block.Body, &f.config.Relay
	f.add(f.check(relaySchema(), body, block.DefRange())...)
	listen, s := f.readAddress(body, r.Listen)
	r.Listen = listen
	f.publicURL(body)
	if s.name != "" && facesTheWorld(listen) && !strings.HasPrefix(r.PublicURL, "https:") {
		f.warn("Listener open to the world", "The relay itself does not speak TLS, so the tokens in hook URLs travel to this address in the clear. Listen on a loopback address behind a proxy that speaks TLS, and set public_url to the proxy's URL, such as \"https://relay.example.com\".", s.place)
	}
	f.store(body)
	if s, ok := f.readText(body, "plugin_dir", "a directory"); ok {
		r.PluginDir = language.Path(f.dir, s.text())
	}
	if s, ok := f.readText(body, "log", `a level such as "info"`); ok && f.oneOf(s, logLevels()) {
		// The level was checked, so there is no error.
		r.Log, _ = zerolog.ParseLevel(s.text())
	}
	r.Retention = f.readDuration(body, "retention", time.Minute, r.Retention)
	r.DrainTimeout = f.readDuration(body, "drain_timeout", time.Second, r.DrainTimeout)
	r.Ops = f.readOps(body)
	r.HTTP = f.readHTTP(body, relayHTTP, r.HTTP)
	r.Hooks = f.readHooks(body, r.Hooks)
	r.Disk = f.readDisk(body)
	r.TrustedProxies, _ = f.readNetworks(body, "trusted_proxies")
}

func (f *File) publicURL(body *hclsyntax.Body) {
	s, ok := f.readText(body, "public_url", `a URL such as "https://relay.example.com"`)
	if !ok {
		return
	}
	u, err := connector.ParseURL(s.text())
	switch {
	case err != nil:
		f.error("Not a URL", fmt.Sprintf("The attribute public_url cannot be %s. Write the URL at which senders reach the hooks' listener, such as \"https://relay.example.com\".", s.shown()), s.place)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		f.error("Not a URL", "Hook URLs are built from public_url, so it has only a scheme, a host and perhaps a path. Leave out the user, the query and the fragment.", s.place)
	default:
		f.config.Relay.PublicURL = strings.TrimRight(s.text(), "/")
		if u.Scheme == "http" && !loopback(net.JoinHostPort(u.Hostname(), "80")) {
			f.warn("Hook URLs without TLS", "Anybody between a sender and the relay can read the hook URLs and post with them. Put a proxy that speaks TLS in front of the hooks' listener, and write https://.", s.place)
		}
	}
}

// facesTheWorld reports whether an address is public or stands for all of the
// machine's.
func facesTheWorld(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return err == nil
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsUnspecified() || !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast())
}

func (f *File) store(body *hclsyntax.Body) {
	s, ok := f.readText(body, "store", `a file such as "relay.db"`)
	if !ok {
		return
	}
	scheme, _, isURL := strings.Cut(s.text(), "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		f.redact(body.Attributes["store"].Expr)
		f.add(language.NotYet("A store in PostgreSQL", "several nodes that share the work", s.place))
	case isURL:
		f.redact(body.Attributes["store"].Expr)
		f.error("Not a store", "The attribute store is the path of a file, such as \"relay.db\".", s.place)
	case s.text() == "":
		f.error("Not a store", "The attribute store is empty. Name a file, such as \"relay.db\".", s.place)
	default:
		f.config.Relay.State = beside(language.Path(f.dir, s.text()))
	}
}

// readOps reads the channel for the relay's own notices.
func (f *File) readOps(body *hclsyntax.Body) string {
	name, ok := f.readReference(body, "ops", f.channels)
	if ok {
		f.used[name] = true
	}
	return name
}

// readReference reads an attribute that names one block of a sort.
func (f *File) readReference(body *hclsyntax.Body, attribute string, to *language.References) (name string, ok bool) {
	attr := body.Attributes[attribute]
	if attr == nil {
		return "", false
	}
	noun := to.Noun()
	scope := f.scope.NewChild()
	scope.Variables = map[string]cty.Value{noun: to.Object()}
	v, hidden, ok := f.evaluate(attr.Expr, scope, false)
	if !ok || v.IsNull() {
		return "", false
	}
	name, ok = to.Name(v)
	switch {
	case ok:
	case !hidden && v.Type() == cty.String && to.Has(v.AsString()):
		f.error("Wrong type", fmt.Sprintf("%ss are not written in quotes. Write %s = %s.", strings.ToUpper(noun[:1])+noun[1:], attribute, to.Written(v.AsString())), attr.Expr.Range())
	default:
		f.error("Wrong type", fmt.Sprintf("The attribute %s is one %s, such as %s; this is %s.", attribute, noun, to.Example(), typeName(v.Type())), attr.Expr.Range())
	}
	return name, ok
}

func (f *File) metrics(block *hclsyntax.Block) {
	f.add(f.check(language.Schema{Title: "a metrics block", Attributes: []language.Attribute{{Name: "listen", Required: true}}}, block.Body, block.DefRange())...)
	if address, s := f.readAddress(block.Body, "10.0.0.5:9090"); s.name != "" {
		f.config.Metrics.Listen = address
	}
}

// loopback reports whether only this machine can reach an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
