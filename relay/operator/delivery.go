package operator

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/delivery"
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

// Selection chooses dead letters: by delivery, or all of a channel, or all.
type Selection struct {
	Deliveries []int64 `json:"deliveries,omitempty"`
	Channel    string  `json:"channel,omitempty"`
	All        bool    `json:"all,omitempty"`
}
