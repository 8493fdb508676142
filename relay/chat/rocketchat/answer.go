package rocketchat

import (
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/chat/answer"
	"github.com/connector-relay/relay/relay/delivery"
)

// read reads the answer of an integration, which reports errors with
// status 200 too (RocketChat/Rocket.Chat, apps/meteor/app/integrations/server/api/api.ts).
func read(a answer.Answer) answer.Reading {
	var e struct {
		Success *bool  `json:"success"`
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	a.Decode(&e)
	said := strings.ToLower(e.Error + " " + e.Message)
	switch {
	case a.OK() && e.Success != nil && *e.Success && a.Claims() == answer.Yes:
		return a.Is(delivery.VerdictDelivered)
	case strings.Contains(said, "too-many-requests"), strings.Contains(said, "too many requests"):
		_, after, _ := strings.Cut(said, "wait ")
		number, _, _ := strings.Cut(after, " seconds")
		seconds, _ := strconv.ParseFloat(number, 64)
		return a.Is(delivery.VerdictThrottled).After(seconds)
	case strings.Contains(said, "message-size-exceeded"):
		return a.TooLarge()
	case strings.Contains(said, "invalid integration"), strings.Contains(said, "room-not-found"), strings.Contains(said, "invalid-channel"),
		strings.Contains(said, "invalid-room"), strings.Contains(said, "not-allowed"), strings.Contains(said, "not authorized"),
		strings.Contains(said, "not enough permission"):
		return a.Is(delivery.VerdictRefused)
	case a.Status == 503 && e.Success != nil:
		return a.Because(delivery.VerdictRefused, "the integration is turned off; turn it on in Rocket.Chat's administration")
	case !a.OK():
		return a.ByStatus()
	case e.Success != nil:
		return a.Is(delivery.VerdictRejected)
	}
	return a.WrongType("with JSON as Rocket.Chat does")
}
