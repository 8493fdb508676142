// Command senders sends one alert to a hook by a sender's own client library, with the
// library's own checks of the address and of the answer. It says what the library says
// and fails when the library does.
//
//	senders SENDER ADDRESS
//
// It is a module of its own, so that the relay depends on none of these libraries.
package main

import (
	"fmt"
	"os"

	"github.com/argoproj/notifications-engine/pkg/services"
	goteamsnotify "github.com/atc0005/go-teams-notify/v2"
	"github.com/atc0005/go-teams-notify/v2/adaptivecard"
	"github.com/atc0005/go-teams-notify/v2/messagecard"
	containrrr "github.com/containrrr/shoutrrr"
	fork "github.com/nicholas-fedor/shoutrrr"
	"github.com/slack-go/slack"
)

// The alert.
const (
	name     = "DiskFull"
	severity = "critical"
	summary  = "The disk of db1 is full"
	runbook  = "https://example.com/runbook"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: senders SENDER ADDRESS")
		os.Exit(2)
	}
	if err := send(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func send(sender, address string) error {
	switch sender {
	case "shoutrrr":
		return containrrr.Send(address, text())
	case "shoutrrr fork":
		return fork.Send(address, text())
	case "go-teams-notify card":
		return teamsCard(address)
	case "go-teams-notify adaptive":
		return teamsAdaptive(address)
	case "notifications-engine teams":
		return engineTeams(address)
	case "notifications-engine webhook":
		return engineWebhook(address)
	case "slack-go":
		return slackWebhook(address)
	}
	return fmt.Errorf("no such sender")
}

// text is the alert for senders of nothing but text.
func text() string {
	return fmt.Sprintf("%s: %s\nseverity: %s\n%s", name, summary, severity, runbook)
}

func teamsCard(address string) error {
	card := messagecard.NewMessageCard()
	card.Title, card.Text = name, summary
	section := messagecard.NewSection()
	if err := section.AddFactFromKeyValue("severity", severity); err != nil {
		return err
	}
	if err := card.AddSection(section); err != nil {
		return err
	}
	action, err := messagecard.NewPotentialAction(messagecard.PotentialActionOpenURIType, "Runbook")
	if err != nil {
		return err
	}
	action.Targets = []messagecard.PotentialActionOpenURITarget{{OS: "default", URI: runbook}}
	if err := card.AddPotentialAction(action); err != nil {
		return err
	}
	return goteamsnotify.NewTeamsClient().Send(address, card)
}

func teamsAdaptive(address string) error {
	card, err := adaptivecard.NewTextBlockCard(summary, name, true)
	if err != nil {
		return err
	}
	facts := adaptivecard.NewFactSet()
	if err := facts.AddFact(adaptivecard.Fact{Title: "severity", Value: severity}); err != nil {
		return err
	}
	if err := card.AddFactSet(false, facts); err != nil {
		return err
	}
	action, err := adaptivecard.NewActionOpenURL(runbook, "Runbook")
	if err != nil {
		return err
	}
	if err := card.AddAction(false, action); err != nil {
		return err
	}
	envelope, err := adaptivecard.NewMessageFromCard(card)
	if err != nil {
		return err
	}
	return goteamsnotify.NewTeamsClient().Send(address, envelope)
}

func engineTeams(address string) error {
	service := services.NewTeamsService(services.TeamsOptions{RecipientUrls: map[string]string{"hook": address}})
	return service.Send(services.Notification{
		Message: summary,
		Teams: &services.TeamsNotification{
			Title:           name,
			Facts:           fmt.Sprintf(`[{"name": "severity", "value": %q}]`, severity),
			PotentialAction: fmt.Sprintf(`[{"@type": "OpenUri", "name": "Runbook", "targets": [{"os": "default", "uri": %q}]}]`, runbook),
		},
	}, services.Destination{Service: "teams", Recipient: "hook"})
}

func engineWebhook(address string) error {
	service := services.NewWebhookService(services.WebhookOptions{URL: address, Headers: []services.Header{{Name: "Content-Type", Value: "application/json"}}})
	return service.Send(services.Notification{
		Webhook: services.WebhookNotifications{"hook": {
			Method: "POST",
			Body:   fmt.Sprintf(`{"attachments": [{"title": %q, "title_link": %q, "text": %q, "color": "#E96D76", "fields": [{"title": "severity", "value": %q, "short": true}]}]}`, name, runbook, summary, severity),
		}},
	}, services.Destination{Service: "hook"})
}

func slackWebhook(address string) error {
	link := slack.NewButtonBlockElement("runbook", "", slack.NewTextBlockObject(slack.PlainTextType, "Runbook", false, false))
	link.URL = runbook
	blocks := slack.Blocks{BlockSet: []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, name, false, false)),
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, summary, false, false),
			[]*slack.TextBlockObject{slack.NewTextBlockObject(slack.MarkdownType, "*severity*\n"+severity, false, false)}, nil),
		slack.NewActionBlock("", link),
	}}
	return slack.PostWebhook(address, &slack.WebhookMessage{Text: name, Blocks: &blocks})
}
