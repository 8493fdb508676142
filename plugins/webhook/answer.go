package webhook

import (
	"errors"
	"net/http"

	"github.com/connector-relay/relay/relay/connector"
)

// answerAuto answers in the request's dialect. The other values of answer are dialects:
// acceptCard, acceptAdaptive and acceptSlack.
const answerAuto = "auto"

// A hook answers as the service that its sender thinks it talks to. Many senders look
// closely, and one that sees a failure sends again. These were read for what they take:
//
//   - A Connector Card needs the status 200 for shoutrrr (containrrr), and the body "1"
//     for go-teams-notify, Grafana and the notifications-engine of Argo CD.
//   - The envelope of Workflows needs the status 202 for Zabbix and older Checkmk;
//     Alertmanager, Argo CD, Grafana, shoutrrr (nicholas-fedor) and go-teams-notify take
//     202 with any body. An older Grafana looks at no status and wants the body "1", so that
//     is what all get. Uptime Kuma takes any 2xx, prometheus-msteams anything;
//     Robusta logs a 202 as an error, but sends once.
//   - A Slack payload needs the body "ok" for Alertmanager; Grafana takes no other JSON,
//     which "1" is; Checkmk and shoutrrr need the status 200.
func taken(dialect string) connector.Reply {
	switch dialect {
	case acceptAdaptive:
		return say(http.StatusAccepted, "1")
	case acceptSlack:
		return say(http.StatusOK, "ok")
	}
	return say(http.StatusOK, "1")
}

// refused answers a request that cannot be read: in the service's own words, which
// senders and the people behind them know, and with what is wrong.
func refused(dialect string, err error) connector.Reply {
	empty := errors.Is(err, errEmptyCard) || errors.Is(err, errNothing)
	switch dialect {
	case acceptAdaptive:
		// Workflows answer as Azure Logic Apps do. Grafana shows both.
		code := "InvalidRequestContent"
		if empty {
			code = "TriggerInputSchemaMismatch"
		}
		reply := say(http.StatusBadRequest, string(encode(map[string]any{"error": map[string]any{"code": code, "message": err.Error()}})))
		reply.Header.Set("Content-Type", "application/json; charset=utf-8")
		return reply
	case acceptSlack:
		if empty {
			return say(http.StatusBadRequest, "no_text: The payload shows nothing; it needs a text, blocks or attachments.")
		}
		return say(http.StatusBadRequest, "invalid_payload: "+err.Error())
	}
	if empty {
		return say(http.StatusBadRequest, err.Error())
	}
	return say(http.StatusBadRequest, "Bad payload received by generic incoming webhook. "+err.Error())
}
