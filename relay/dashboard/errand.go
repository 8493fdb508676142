package dashboard

import (
	"net/url"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
)

// errand is a problem, what a person can do about it, and where.
type errand struct {
	operator.Problem
	Advice string
	Where  link
	// Passing says that the relay goes on trying, so that a person may wait.
	Passing bool
}

// errands says what to do about each problem. What only a person can mend comes first.
func errands(problems []operator.Problem, channels []operator.Channel, connectors []operator.Connector) []errand {
	list := make([]errand, len(problems))
	for i, p := range problems {
		list[i] = about(p, channels, connectors)
	}
	slices.SortStableFunc(list, func(a, b errand) int {
		switch {
		case a.Passing == b.Passing:
			return 0
		case a.Passing:
			return 1
		}
		return -1
	})
	return list
}

func about(p operator.Problem, channels []operator.Channel, connectors []operator.Connector) errand {
	sort, rest, _ := strings.Cut(p.Subject, " ")
	name, to, _ := strings.Cut(rest, " to channel ")
	e := errand{Problem: p}
	switch {
	case p.Subject == "dead letters":
		e.Text, _, _ = strings.Cut(p.Text, ";") // the rest names a command
		e.Advice, e.Where = "Replay them once the cause is fixed, or dismiss them.", link{"Dead letters", "/dead-letters"}
	case p.Subject == "the configuration":
		e.Advice, e.Where = "Fix the files and reload. Until then, what ran before keeps running.", link{"Configuration", "/configuration/changes"}
	case sort == "channel":
		e.Where = link{"Channel " + name, "/channels/" + url.PathEscape(name)}
		if i := slices.IndexFunc(channels, func(c operator.Channel) bool { return c.Name == name }); i >= 0 {
			e.Advice, e.Passing = channelAdvice(channels[i])
		}
	case sort == "connector":
		e.Where = link{"Connector " + name, "/connectors/" + url.PathEscape(name)}
		if to != "" {
			e.Advice = "Have a member of the team take it over, or name another owner."
		} else if i := slices.IndexFunc(connectors, func(c operator.Connector) bool { return c.Name == name }); i >= 0 {
			e.Advice, e.Passing = connectorAdvice(connectors[i])
		}
	case sort == "plugin":
		e.Advice, e.Where = "Its log says more.", link{"Plugin " + name, "/plugins/" + url.PathEscape(name)}
	}
	return e
}

func channelAdvice(c operator.Channel) (advice string, passing bool) {
	switch {
	case c.Lane == delivery.Paused && c.Pause == delivery.PausedByEndpoint:
		return "Give it a working URL in the configuration, or resume it once the endpoint is back. Its cards are kept.", false
	case c.Lane == delivery.Paused:
		return "Resume it once the reason is gone. Its cards are kept.", false
	case c.Lane == delivery.BackingOff:
		return "Relay tries again by itself.", true
	case c.Lane == delivery.Open:
		return "Raise its rate, or send it fewer cards.", false
	}
	return "", false
}

func connectorAdvice(c operator.Connector) (advice string, passing bool) {
	switch connector.ErrorKind(c.Health) {
	case connector.KindUnauthorised:
		return "Sign in again, or give it a new secret.", false
	case connector.KindMisconfigured:
		return "Correct its arguments.", false
	case connector.KindGone:
		return "What it watches is gone for good: change it or remove it.", false
	case connector.KindTemporary, connector.KindThrottled:
		return "Relay tries again by itself.", true
	case "silent":
		return "Find out whether its source still sends.", false
	case "over quota":
		return "Have its source send less, or raise its quota.", false
	}
	return "", false
}
