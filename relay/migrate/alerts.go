package migrate

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// endpoint is what a program posted to: the URL of a chat system's webhook, or a file with
// the URL in it.
type endpoint struct {
	// typ is the channel type; name and what say what it is, such as "#ops".
	typ, name, what string
	url, file       string
}

// alerts collects who is told of alerts, and where.
type alerts struct {
	*Draft
	channels map[endpoint]*block
}

func newAlerts(title string) alerts {
	return alerts{Draft: newDraft(title), channels: make(map[endpoint]*block)}
}

// channel returns the channel of an endpoint; several may lead there.
func (a alerts) channel(receiver string, e endpoint) string {
	key := e
	key.what = ""
	if e.url == "" && e.file == "" {
		key.what = receiver
	}
	if b := a.channels[key]; b != nil {
		return b.name()
	}
	b := a.block("channel", slug("channel", receiver, e.typ, e.name))
	b.note("%s", e.what)
	b.text("type", e.typ)
	what := "the URL of channel." + b.name() + ", " + e.what
	switch {
	case e.file != "":
		b.file("url", e.file)
	case envName(e.url) != "":
		b.set("url", call("env", envName(e.url)))
	case isAddress(e.url):
		b.env(a.Draft, "url", what, e.url)
	default:
		b.env(a.Draft, "url", what, "")
	}
	a.channels[key] = b
	return b.name()
}

// receiver adds the connector that one receiver posts to, and returns its name.
func (a alerts) receiver(program, name string, channels []string) string {
	b := a.block("connector", "webhook", slug(program, program, name))
	b.note("%s's %q", program, oneLine(name))
	b.text("title", name)
	b.to = slices.Compact(channels)
	return b.name()
}

// envName is the variable that a text names in the place of a value, or empty.
func envName(text string) string {
	if m := regexp.MustCompile(`^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))$`).FindStringSubmatch(text); m != nil {
		return m[1] + m[2]
	}
	return ""
}

// isAddress reports whether a text may be a URL. Exports hide what is secret.
func isAddress(text string) bool {
	return (strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")) && !strings.ContainsAny(text, " \t\r\n<>")
}

// alertmanager is what of its file concerns chat systems.
type alertmanager struct {
	Global    map[string]any
	Receivers []map[string]any
}

// settings are named values of a YAML file, whatever they are.
type settings map[string]any

func (s settings) text(names ...string) string {
	for _, name := range names {
		if text, ok := s[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

// list returns a list of settings among them.
func (s settings) list(name string) []settings {
	var list []settings
	elements, _ := s[name].([]any)
	for _, e := range elements {
		if m, ok := e.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

var errNoReceivers = errors.New("there are no receivers in it")

// Alertmanager makes a draft of an Alertmanager's configuration. Alerts still find their
// receivers there; each receiver posts to a hook instead.
func Alertmanager(data []byte, file string) (*Draft, error) {
	var c alertmanager
	text, err := decoded(data)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		return nil, fmt.Errorf("it is no configuration of an Alertmanager: %w", oneLineError(err))
	}
	if len(c.Receivers) == 0 {
		return nil, errNoReceivers
	}
	a := newAlerts("Made by `relay import alertmanager` of " + oneLine(file) + ". Which alerts go to which receiver stays there.")
	for _, r := range c.Receivers {
		a.fromAlertmanager(r, c.Global)
	}
	return a.Draft, nil
}

// chatConfigs are Alertmanager's settings for chat systems that Relay posts to: the
// channel type, what holds the URL there, and in global.
func chatConfigs() []struct{ config, typ, url, global string } {
	return []struct{ config, typ, url, global string }{
		{"slack_configs", "slack", "api_url", "slack_api_url"},
		{"discord_configs", "discord", "webhook_url", ""},
		{"mattermost_configs", "mattermost", "webhook_url", "mattermost_webhook_url"},
		{"msteams_configs", "teams", "webhook_url", ""},
		{"msteamsv2_configs", "teams", "webhook_url", ""},
	}
}

func (a alerts) fromAlertmanager(r, global settings) {
	name, handled := r.text("name"), []string{"name"}
	var channels []string
	for _, c := range chatConfigs() {
		handled = append(handled, c.config)
		for _, config := range r.list(c.config) {
			e := endpoint{
				typ: c.typ, name: config.text("channel"), what: strings.TrimSpace(fmt.Sprintf("%s of receiver %q %s", c.config, oneLine(name), oneLine(config.text("channel")))),
				url: config.text(c.url), file: config.text(c.url + "_file"),
			}
			if e.url == "" && e.file == "" && c.global != "" {
				e.url, e.file = global.text(c.global), global.text(c.global+"_file")
			}
			if c.config == "msteams_configs" { // an address of the retired connectors
				e.url, e.file, e.name = "", "", fmt.Sprint(len(channels)+1)
			}
			channels = append(channels, a.channel(name, e))
			if c.typ == "slack" && e.name != "" {
				a.need("channel.%s: a webhook of Slack's posts to one channel. Make sure that this one's is %s.", channels[len(channels)-1], oneLine(e.name))
			}
		}
	}
	for _, other := range slices.Sorted(maps.Keys(r)) {
		if !slices.Contains(handled, other) {
			a.need("Receiver %q keeps its %s in Alertmanager.", oneLine(name), oneLine(other))
		}
	}
	if len(channels) > 0 {
		hook := a.receiver("alertmanager", name, channels)
		a.need("In receiver %q write one slack_configs in place of all for chat systems, with the hook URL of connector.%s as its api_url.", oneLine(name), hook)
	}
}

// oneLineError leaves out of an error what it quotes: that may be a secret.
func oneLineError(err error) error {
	return errors.New(oneLine(regexp.MustCompile("`[^`]*`|\"[^\"]*\"|'[^']*'").ReplaceAllString(err.Error(), "…")))
}
