package rss

import (
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector/rest"
)

// version is the checkpoint's format. A newer one cannot be read.
const version = 1

// The window of remembered items is twice the largest page seen, because some feeds
// return only a few items now and then, within these bounds.
const (
	windowFactor = 2
	windowMost   = 10_000
	windowLeast  = 100
)

// movedAfter is how many polls in a row must be redirected permanently to the same
// address before it is believed: a captive portal does not last that long.
const movedAfter = 3

// checkpoint is everything that a feed's polls remember, stored as JSON.
type checkpoint struct {
	// Of is the hash of the configured address that the checkpoint belongs to: another
	// address is another feed. Older versions left it empty.
	Of string `json:"of,omitempty"`
	// Asked is the hash of the address that gave the validators.
	Asked string `json:"asked,omitempty"`
	rest.Validators
	// BodyHash is the hash of the last body, for servers without validators.
	BodyHash string `json:"body,omitempty"`
	// Moved is where permanent redirects led, MovedTimes how often in a row.
	Moved      string `json:"moved,omitempty"`
	MovedTimes int    `json:"moved_times,omitempty"`
	// Since is when the feed was first polled, in Unix seconds, as long as it has had no
	// items.
	Since int64 `json:"since,omitempty"`
	// Upwards says that new items are last on the page.
	Upwards bool `json:"upwards,omitempty"`
	// Largest is the most items seen on one page.
	Largest int `json:"largest"`
	// Known are the remembered items, longest unseen first.
	Known []known `json:"known"`
}

// known is a remembered item, as hashes.
type known struct {
	// ID identifies the item's event.
	ID string `json:"i"`
	// GUID, Link and Title are the item's on the page; Date is in Unix seconds. Title is
	// empty only in entries of older versions.
	GUID  string `json:"g,omitempty"`
	Link  string `json:"u,omitempty"`
	Title string `json:"n,omitempty"`
	Date  int64  `json:"d,omitempty"`
	// Content changes when the item is edited.
	Content string `json:"c,omitempty"`
}

// withoutValidators is the checkpoint of a page that is only partly emitted, so that
// the next poll fetches it again.
func (c checkpoint) withoutValidators() checkpoint {
	c.Validators, c.BodyHash = rest.Validators{}, ""
	return c
}

// belongs binds the checkpoint to a configured address and reports whether it was bound
// to it before. If not, the checkpoint is cleared: another address is another feed.
// Only a hash is stored, because an address may be secret.
func (c *checkpoint) belongs(configured string) bool {
	of := hash("address", configured)
	if c.Of == "" || c.Of == of {
		c.Of = of
		return true
	}
	*c = checkpoint{Of: of}
	return false
}

// moved reports whether the feed has moved, so that the new address is asked first.
func (c checkpoint) moved() bool { return c.Moved != "" && c.MovedTimes >= movedAfter }

// asking is the checkpoint for a request to an address: with validators only if this
// address gave them.
func (c checkpoint) asking(address string) checkpoint {
	asked := hash("address", address)
	if c.Asked != asked && c.Asked != "" {
		c = c.withoutValidators()
	}
	c.Asked = asked
	return c
}

// remember stores what an answer says about the next request.
func (c *checkpoint) remember(p page) {
	c.Validators, c.BodyHash = p.Validators, p.bodyHash
	switch {
	case p.movedTo == "" && c.moved(): // it was fetched at the new address
	case p.movedTo == "":
		c.Moved, c.MovedTimes = "", 0
	case p.movedTo == c.Moved:
		c.MovedTimes = min(c.MovedTimes+1, movedAfter)
	default:
		c.Moved, c.MovedTimes = p.movedTo, 1
	}
}

// forget trims the window. The items on the page now, by their IDs, move to the end, so
// that those gone longest are forgotten.
func (c *checkpoint) forget(ids []string) {
	c.Largest = max(c.Largest, len(ids))
	present, seen := make(map[string]bool), make(map[string]bool)
	for _, id := range ids {
		present[id] = true
	}
	var gone, here []known
	for _, k := range slices.Backward(c.Known) {
		switch {
		case seen[k.ID]:
		case present[k.ID]:
			here = append(here, k)
		default:
			gone = append(gone, k)
		}
		seen[k.ID] = true
	}
	window := min(max(windowFactor*c.Largest, windowLeast), windowMost)
	c.Known = append(here, gone...)[:min(len(here)+len(gone), max(window, len(here)))]
	slices.Reverse(c.Known)
}

// day bounds how long a source can make the relay wait.
const day = 24 * time.Hour
