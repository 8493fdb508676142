package operator

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
)

// EventQuery narrows a list of events; zero fields do not narrow.
type EventQuery struct {
	Connector string
	Kind      string
	Key       string
	Fates     []event.Fate
	Since     time.Time
	// Text is what the card has to hold.
	Text   string
	Before int64
	// Limit is at most this many; a [Relay] answers with [MostListed] at a time.
	Limit int
}

// Fated is an event with its fate.
type Fated struct {
	Event
	// Reason says why it went nowhere, or where a route sent it.
	Reason string `json:"reason"`
	// Deliveries are where it went.
	Deliveries []Standing `json:"deliveries"`
}

// Standing is where a delivery stands.
type Standing struct {
	ID      int64          `json:"delivery"`
	Channel string         `json:"channel"`
	State   delivery.State `json:"state"`
}

// Refusal is a request to a hook of which nothing was accepted, or several that differ
// in nothing but the time.
type Refusal struct {
	Connector string `json:"connector"`
	Remote    string `json:"remote"`
	Method    string `json:"method"`
	Status    int    `json:"status"`
	Reason    string `json:"reason"`
	// Bytes is the size of the last one's body.
	Bytes int       `json:"bytes"`
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

func parseEventQuery(v url.Values) (EventQuery, error) {
	q := EventQuery{Connector: v.Get("connector"), Kind: v.Get("kind"), Key: v.Get("key"), Text: v.Get("text")}
	for _, s := range strings.FieldsFunc(v.Get("fate"), func(r rune) bool { return r == ',' }) {
		fate := event.Fate(s)
		if !slices.Contains(event.Fates(), fate) {
			return q, fmt.Errorf("%w: there is no fate %q; the fates are %v", ErrInvalid, s, event.Fates())
		}
		q.Fates = append(q.Fates, fate)
	}
	if text := v.Get("since"); text != "" {
		var err error
		if q.Since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return q, fmt.Errorf("%w: since is not a time like 2026-05-01T08:00:00Z", ErrInvalid)
		}
	}
	var err error
	if q.Before, err = wholeNumber(v, "before"); err != nil {
		return q, err
	}
	limit, err := wholeNumber(v, "limit")
	q.Limit = int(limit)
	return q, err
}

// values is the inverse of parseEventQuery.
func (q EventQuery) values() url.Values {
	v := url.Values{}
	fates := make([]string, len(q.Fates))
	for i, f := range q.Fates {
		fates[i] = string(f)
	}
	since := ""
	if !q.Since.IsZero() {
		since = q.Since.Format(time.RFC3339Nano)
	}
	for name, value := range map[string]string{
		"connector": q.Connector, "kind": q.Kind, "key": q.Key, "text": q.Text, "fate": strings.Join(fates, ","),
		"since": since, "before": strconv.FormatInt(q.Before, 10), "limit": strconv.Itoa(q.Limit),
	} {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	return v
}
