package migrate

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

var errNoURLs = errors.New("there are no URLs in it")

// tagged is one of Apprise's URLs.
type tagged struct {
	line int
	url  string
	tags []string
}

// Apprise makes a draft of Apprise's configuration, in its text form or as YAML: a channel
// for each URL whose service Relay posts to, and for each tag a webhook that leads to its
// channels.
func Apprise(data []byte, file string) (*Draft, error) {
	text, err := decoded(data)
	if err != nil {
		return nil, err
	}
	list := appriseYAML(text)
	if list == nil {
		list = appriseText(text)
	}
	if len(list) == 0 {
		return nil, errNoURLs
	}
	a := newAlerts("Made by `relay import apprise` of " + oneLine(file) + ".")
	byTag := make(map[string][]string)
	var tags []string
	for _, t := range list {
		name := a.fromApprise(t)
		if name == "" {
			continue
		}
		if len(t.tags) == 0 {
			t.tags = []string{"all"}
		}
		for _, tag := range t.tags {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
			byTag[tag] = append(byTag[tag], name)
		}
	}
	for _, tag := range tags {
		hook := a.receiver("apprise", tag, byTag[tag])
		a.need("Write json://… with the hook URL of connector.%s in place of the URLs with the tag %q.", hook, oneLine(tag))
	}
	return a.Draft, nil
}

// appriseText reads lines such as "tag, other = slack://…".
func appriseText(text string) []tagged {
	var list []tagged
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		scheme := strings.Index(line, "://")
		if scheme < 0 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "include") {
			continue
		}
		t := tagged{line: i + 1, url: line}
		if at := strings.LastIndexByte(line[:scheme], '='); at >= 0 {
			t.url = strings.TrimSpace(line[at+1:])
			t.tags = strings.FieldsFunc(line[:at], func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		}
		list = append(list, t)
	}
	return list
}

// appriseYAML reads a list of URLs, each a text or an object with its settings.
func appriseYAML(text string) []tagged {
	var file struct{ URLs yaml.Node }
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		return nil
	}
	var list []tagged
	for _, node := range file.URLs.Content {
		t := tagged{line: node.Line}
		if node.Kind == yaml.MappingNode && len(node.Content) > 0 {
			t.url = node.Content[0].Value
			t.tags = tagsOf(node)
		} else {
			t.url = node.Value
		}
		if strings.Contains(t.url, "://") {
			list = append(list, t)
		}
	}
	return list
}

// tagsOf finds the tags among the settings of a URL, wherever the style puts them.
func tagsOf(node *yaml.Node) []string {
	var tags []string
	for i, n := range node.Content {
		if n.Value == "tag" && node.Kind == yaml.MappingNode && i%2 == 0 && i+1 < len(node.Content) {
			tags = append(tags, strings.FieldsFunc(node.Content[i+1].Value, func(r rune) bool { return r == ',' || r == ' ' })...)
		}
		if n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode {
			tags = append(tags, tagsOf(n)...)
		}
	}
	return tags
}

// fromApprise adds the channel of a URL, unless Relay does not post to its service.
func (a alerts) fromApprise(t tagged) string {
	u, err := url.Parse(t.url)
	if err != nil { // its text would be in the error
		a.need("Line %d is no URL that can be read; keep it with Apprise.", t.line)
		return ""
	}
	service := fmt.Sprintf("%s of line %d", oneLine(u.Scheme), t.line)
	e, ok := appriseEndpoint(u)
	if !ok {
		a.need("The %s stays with Apprise: Relay cannot take it over.", service)
		return ""
	}
	e.what = "Apprise's " + service
	if e.url == "" {
		e.name = fmt.Sprint(t.line)
	}
	return a.channel("apprise", e)
}

// appriseEndpoint is the address that a URL of Apprise's stands for.
func appriseEndpoint(u *url.URL) (endpoint, bool) {
	parts := strings.FieldsFunc(u.EscapedPath(), func(r rune) bool { return r == '/' })
	part := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	at := func(typ, format string, a ...any) (endpoint, bool) {
		return endpoint{typ: typ, url: fmt.Sprintf(format, a...)}, !slices.Contains(a, any(""))
	}
	switch u.Scheme {
	case "slack":
		return at("slack", "https://hooks.slack.com/services/%s/%s/%s", u.Host, part(0), part(1))
	case "discord":
		return at("discord", "https://discord.com/api/webhooks/%s/%s", u.Hostname(), part(0))
	case "gchat":
		return at("googlechat", "https://chat.googleapis.com/v1/spaces/%s/messages?key=%s&token=%s", u.Hostname(), part(0), part(1))
	case "workflow", "workflows":
		path, version := "", "2016-06-01"
		if slices.Contains([]string{"1", "yes", "true", "on"}, strings.ToLower(u.Query().Get("pa"))) {
			path, version = "/powerautomate/automations/direct", "2022-03-01-preview"
		}
		return at("teams", "https://%s"+path+"/workflows/%s/triggers/manual/paths/invoke?api-version="+version+"&sp=%%2Ftriggers%%2Fmanual%%2Frun&sv=1.0&sig=%s", u.Host, part(0), part(1))
	case "msteams": // an address of the retired connectors
		return endpoint{typ: "teams"}, true
	case "mmost", "mmosts":
		if len(parts) == 0 {
			return endpoint{}, false
		}
		path := strings.Join(append(parts[:len(parts)-1:len(parts)-1], "hooks", parts[len(parts)-1]), "/")
		return at("mattermost", "%s://%s/%s", web(u.Scheme, "mmost"), u.Host, path)
	case "ntfy", "ntfys":
		if u.User != nil || u.RawQuery != "" {
			return endpoint{}, false
		}
		if len(parts) == 0 {
			return at("ntfy", "https://ntfy.sh/%s", u.Host)
		}
		return at("ntfy", "%s://%s/%s", web(u.Scheme, "ntfy"), u.Host, part(0))
	case "http", "https":
		return webAddress(u)
	}
	return endpoint{}, false
}

// web is http, or https where a scheme has an s more.
func web(scheme, plain string) string { return "http" + strings.TrimPrefix(scheme, plain) }

// webAddress is that of a webhook as the chat system shows it, which Apprise takes too.
func webAddress(u *url.URL) (endpoint, bool) {
	e := endpoint{url: u.String()}
	switch host := strings.ToLower(u.Hostname()); {
	case host == "hooks.slack.com" && strings.HasPrefix(u.Path, "/services/"):
		e.typ = "slack"
	case (host == "discord.com" || host == "discordapp.com") && strings.HasPrefix(u.Path, "/api/webhooks/"):
		e.typ = "discord"
	case host == "chat.googleapis.com":
		e.typ = "googlechat"
	case strings.HasSuffix(host, ".logic.azure.com") || strings.Contains(u.Path, "/triggers/manual/paths/invoke"):
		e.typ = "teams"
	case strings.HasSuffix(host, ".webhook.office.com") || oldPath(u.String()) != "":
		e.typ, e.url = "teams", ""
	}
	return e, e.typ != ""
}
