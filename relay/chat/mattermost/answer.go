package mattermost

import (
	"bytes"
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of an incoming webhook: "ok", or an error with an
// id (mattermost/mattermost, web/webhook.go and app/webhook.go).
func read(a answer.Answer) answer.Reading {
	if a.OK() {
		if strings.TrimSpace(string(a.Body)) == "ok" {
			return a.Is(delivery.VerdictDelivered)
		}
		return a.WrongType(`"ok" as a Mattermost webhook does`)
	}
	var e struct {
		ID string `json:"id"`
	}
	a.Decode(&e)
	if a.Status == 500 {
		return a.Is(delivery.VerdictFailed) // the store failed; the id says over what
	}
	name := strings.TrimSuffix(strings.TrimPrefix(e.ID, "web.incoming_webhook."), ".app_error")
	switch {
	case name == "channel", name == "channel_locked", name == "invalid", name == "user", name == "permissions", name == "disabled",
		bytes.Contains(a.Body, []byte("find the channel")), bytes.Contains(a.Body, []byte("Invalid webhook")):
		return a.Is(delivery.VerdictRefused)
	case name == "split_props_length", name == "text.length":
		return a.TooLarge()
	case name == "parse", name == "text", name == "decode":
		return a.Is(delivery.VerdictRejected)
	}
	return a.ByStatus()
}
