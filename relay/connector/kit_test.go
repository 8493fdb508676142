package connector_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/connectortest"
)

// TestTheExampleKeepsTheContract is what the test of every connector should begin with.
func TestTheExampleKeepsTheContract(t *testing.T) {
	connectortest.Run(t, New, connectortest.Options{
		Start: func(t *testing.T) map[string]any {
			desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
				tickets := []ticket{}
				for id := after + 1; id <= 250; id++ {
					tickets = append(tickets, ticket{id, "opened", "The printer is on fire", "Ada"})
				}
				_ = json.NewEncoder(w).Encode(tickets)
			}))
			t.Cleanup(desk.Close)
			return map[string]any{"api": desk.URL, "token": "good", "secret": "s3cret"}
		},
		Invalid: []connectortest.Invalid{{Argument: "api", Value: "desk"}, {Argument: "kinds", Value: []string{"opend"}}},
		Genuine: []connector.Request{{
			Method: http.MethodPost, Body: []byte(`{"id": 7, "state": "edited"}`),
			Header: http.Header{"Desk-Signature": {"ab0c0c64ce9cd61e4724c33323e05f3849e4df430565907cedd528fe98cc81a9"}},
		}},
	})
}
