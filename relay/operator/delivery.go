package operator

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// Delivery is one card on its way to one channel.
type Delivery struct {
	ID         int64          `json:"delivery"`
	Event      int64          `json:"event"`
	Channel    string         `json:"channel"`
	Connector  string         `json:"connector"`
	Kind       string         `json:"kind"`
	Title      string         `json:"title"`
	State      delivery.State `json:"state"`
	Attempts   int            `json:"attempts"`
	AcceptedAt time.Time      `json:"accepted_at"`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
	NextTry    time.Time      `json:"next_attempt,omitzero"`
	// Urgent says that it goes out in quiet hours, too.
	Urgent bool `json:"urgent,omitempty"`
	// Digest is the delivery that led the digest in which it arrived, and DigestCards
	// counts that digest's cards; both are 0 when it arrived as a card of its own or has
	// not arrived yet.
	Digest      int64 `json:"digest,omitempty"`
	DigestCards int   `json:"digest_cards,omitempty"`
	// Reason says why it is dead, or why it waits: for the end of quiet hours, or what
	// the last attempt came to.
	Reason string `json:"reason,omitempty"`
	// Card is the card as its channel gets it; it is present when a page asks for it.
	Card json.RawMessage `json:"-"`
}

// Others says with how many other cards it arrived in its digest.
func (d Delivery) Others() string { return card.Plural(d.DigestCards-1, "other") }

// Attempt is one try to deliver.
type Attempt struct {
	Number            int              `json:"attempt"`
	Started           time.Time        `json:"started"`
	TookMS            float64          `json:"took_ms"`
	Verdict           delivery.Verdict `json:"verdict"`
	Status            int              `json:"status,omitempty"`
	Detail            string           `json:"detail,omitempty"`
	Bytes             int              `json:"bytes,omitempty"`
	Omitted           []string         `json:"omitted,omitempty"`
	PossibleDuplicate bool             `json:"possible_duplicate,omitempty"`
	// DigestCards is how many cards it carried as a digest; it is 0 when it was not a digest.
	DigestCards int `json:"digest_cards,omitempty"`
}

// Explained is one delivery with its attempts.
type Explained struct {
	Delivery
	Tries []Attempt `json:"tries"`
}

// Count is how many deliveries a filter selects.
type Count struct {
	Count int `json:"count"`
	// More says that there are more, or that a search has not looked at all of them.
	More bool `json:"more"`
}

// Payload is a card in the form of its channel, as it would be sent now. It holds no
// secrets, and not the URL that it would be sent to.
type Payload struct {
	ContentType string `json:"content_type"`
	Body        string `json:"body"`
	Bytes       int    `json:"bytes"`
	// Omitted says what was left out to make the card small enough.
	Omitted []string `json:"omitted"`
	// Note says how it may differ from what was sent.
	Note string `json:"note"`
}

// Selection chooses dead letters: by delivery, or all that match the other fields. Where
// more than 1,000 match, it must say how many are expected.
type Selection struct {
	Deliveries []int64 `json:"deliveries,omitempty"`
	// All is needed where nothing narrows the selection.
	All       bool             `json:"all,omitempty"`
	Channel   string           `json:"channel,omitempty"`
	Connector string           `json:"connector,omitempty"`
	Kind      string           `json:"kind,omitempty"`
	Text      string           `json:"text,omitempty"`
	Verdict   delivery.Verdict `json:"verdict,omitempty"`
	Since     time.Time        `json:"since,omitzero"`
	Until     time.Time        `json:"until,omitzero"`
	// Dismissed chooses what was dismissed instead, to replay it.
	Dismissed bool `json:"dismissed,omitempty"`
	// Expected is how many a person was told that match. When there are more or fewer by
	// now, nothing is changed.
	Expected int `json:"expected,omitempty"`
}

// Filter returns the filter that selects what matches.
func (s Selection) Filter() store.Filter {
	f := store.Filter{
		Channel: s.Channel, Connector: s.Connector, Kind: s.Kind, Text: s.Text, Verdict: s.Verdict,
		Since: s.Since, Until: s.Until, States: []delivery.State{delivery.Dead},
	}
	if s.Dismissed {
		f.States = []delivery.State{delivery.Dismissed}
	}
	return f
}

// Chooses reports whether the selection says what it chooses.
func (s Selection) Chooses() bool {
	narrows := s.Channel != "" || s.Connector != "" || s.Kind != "" || s.Text != "" || s.Verdict != "" || !s.Since.IsZero() || !s.Until.IsZero()
	return s.All || narrows || len(s.Deliveries) > 0
}

// Rates count, for each of the last 24 hours, oldest first, what has happened.
type Rates struct {
	// Hour is when the last hour began; it is still running.
	Hour time.Time `json:"hour"`
	// Events are accepted events by connector, and Deliveries the deliveries by channel
	// that arrived. Who has had none is not among them.
	Events     map[string][]int `json:"events"`
	Deliveries map[string][]int `json:"deliveries"`
}
