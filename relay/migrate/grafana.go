package migrate

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

var errNoContactPoints = errors.New("there are no contact points in it")

// Grafana makes a draft of Grafana's contact points: a file for provisioning, an export, or
// the answer of /api/v1/provisioning/contact-points. Which alerts go to which contact
// point stays there.
func Grafana(data []byte, file string) (*Draft, error) {
	text, err := decoded(data)
	if err != nil {
		return nil, err
	}
	var whole any
	if err := yaml.Unmarshal([]byte(text), &whole); err != nil {
		return nil, fmt.Errorf("they are no contact points: %w", oneLineError(err))
	}
	a := newAlerts("Made by `relay import grafana` of " + oneLine(file) + ". Which alerts go to which contact point stays there.")
	points := contactPoints(whole)
	if len(points) == 0 {
		return nil, errNoContactPoints
	}
	for _, p := range points {
		a.fromGrafana(p.name, p.receivers)
	}
	return a.Draft, nil
}

type contactPoint struct {
	name      string
	receivers []settings
}

// contactPoints returns the contact points, those of one name together.
func contactPoints(whole any) []contactPoint {
	var points []contactPoint
	add := func(name string, receivers ...settings) {
		for i := range points {
			if points[i].name == name {
				points[i].receivers = append(points[i].receivers, receivers...)
				return
			}
		}
		points = append(points, contactPoint{name, receivers})
	}
	if list, ok := whole.([]any); ok {
		for _, r := range (settings{"list": list}).list("list") {
			add(r.text("name"), r)
		}
		return points
	}
	object, _ := whole.(map[string]any)
	for _, p := range settings(object).list("contactPoints") {
		add(p.text("name"), p.list("receivers")...)
	}
	return points
}

// grafanaTypes are Grafana's receivers that are chat systems, with their channel types.
func grafanaTypes() map[string]string {
	return map[string]string{"slack": "slack", "teams": "teams", "discord": "discord", "googlechat": "googlechat"}
}

func (a alerts) fromGrafana(name string, receivers []settings) {
	var channels []string
	for _, r := range receivers {
		kind := r.text("type")
		inner, _ := r["settings"].(map[string]any)
		s := settings(inner)
		typ := grafanaTypes()[kind]
		address := s.text("url")
		if typ == "" || kind == "slack" && address == "" {
			a.need("Contact point %q keeps its receiver of type %s in Grafana.", oneLine(name), oneLine(kind))
			continue
		}
		e := endpoint{typ: typ, name: s.text("recipient"), what: strings.TrimSpace(fmt.Sprintf("%s of contact point %q %s", kind, oneLine(name), oneLine(s.text("recipient")))), url: address}
		if kind == "teams" && oldPath(address) != "" {
			e.url, e.name = "", fmt.Sprint(len(channels)+1)
		}
		channels = append(channels, a.channel(name, e))
	}
	if len(channels) > 0 {
		hook := a.receiver("grafana", name, channels)
		a.need("Give contact point %q one receiver of type slack in place of those for chat systems, with the hook URL of connector.%s as its webhook URL.", oneLine(name), hook)
	}
}
