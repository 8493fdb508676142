package rss

import (
	"slices"
	"time"

	"github.com/connector-relay/relay/relay/connector/rest"
)

// version is the checkpoint's form; a newer one is not understood.
const version = 1

// The window of remembered items: twice the largest feed seen, because some feeds
// return a few items now and then and bounce back, and never more than this many.
const (
	windowFactor = 2
	windowMost   = 10_000
	windowLeast  = 100
)

// movedAfter is on how many polls in a row a permanent redirect must name the same
// address before it is believed: a captive portal does not last that long.
const movedAfter = 3

// checkpoint is all that a feed's polls remember. It is kept as JSON.
type checkpoint struct {
	// Of tells which configured address all this belongs to, by its hash: another
	// address is another feed. Versions that did not keep it left it empty.
	Of string `json:"of,omitempty"`
	// Asked is the hash of the address that the validators are from.
	Asked string `json:"asked,omitempty"`
	rest.Validators
	// BodyHash is of the last body, for servers without validators.
	BodyHash string `json:"body,omitempty"`
	// Moved is where permanent redirects have led, MovedTimes how often in a row.
	Moved      string `json:"moved,omitempty"`
	MovedTimes int    `json:"moved_times,omitempty"`
	// Since is when the feed was first polled, in Unix seconds, as long as it has held
	// nothing.
	Since int64 `json:"since,omitempty"`
	// Upwards says that the feed's new items come last on its page.
	Upwards bool `json:"upwards,omitempty"`
	// Largest is the largest number of items seen at once.
	Largest int `json:"largest"`
	// Known are the remembered items, those last seen longest ago first.
	Known []known `json:"known"`
}

// known is one remembered item, by hashes.
type known struct {
	// ID is what its event is known by.
	ID string `json:"i"`
	// GUID, Link and Title are what it had on the page; Date is in Unix seconds.
	// Title is empty only where a version wrote it that kept other things.
	GUID  string `json:"g,omitempty"`
	Link  string `json:"u,omitempty"`
	Title string `json:"n,omitempty"`
	Date  int64  `json:"d,omitempty"`
	// Content tells whether it was edited.
	Content string `json:"c,omitempty"`
}

// withoutValidators is the checkpoint while a page is only partly emitted: the next
// poll must fetch it again.
func (c checkpoint) withoutValidators() checkpoint {
	c.Validators, c.BodyHash = rest.Validators{}, ""
	return c
}

// belongs makes the checkpoint that of a configured address, and reports whether it
// was that already. Another address is another feed, of which nothing is known. Only
// a hash is kept: an address may be secret.
func (c *checkpoint) belongs(configured string) bool {
	of := hash("address", configured)
	if c.Of == "" || c.Of == of {
		c.Of = of
		return true
	}
	*c = checkpoint{Of: of}
	return false
}

// moved reports whether the feed has moved, so that another address is asked first.
func (c checkpoint) moved() bool { return c.Moved != "" && c.MovedTimes >= movedAfter }

// asking is the checkpoint for the request to an address. The validators are of the
// address that gave them.
func (c checkpoint) asking(address string) checkpoint {
	asked := hash("address", address)
	if c.Asked != asked && c.Asked != "" {
		c = c.withoutValidators()
	}
	c.Asked = asked
	return c
}

// remember takes over what an answer said about the next request.
func (c *checkpoint) remember(p page) {
	c.Validators, c.BodyHash = p.Validators, p.bodyHash
	if p.movedTo == c.Moved {
		if c.Moved != "" && c.MovedTimes < movedAfter {
			c.MovedTimes++
		}
		return
	}
	if c.MovedTimes >= movedAfter && p.movedTo == "" {
		// Fetched at the new address, which answers itself.
		return
	}
	c.Moved, c.MovedTimes = p.movedTo, 0
	if p.movedTo != "" {
		c.MovedTimes = 1
	}
}

// forget brings the window to its size. What the feed holds now, by its IDs, moves
// to the end, so that only what has been gone longest is forgotten.
func (c *checkpoint) forget(ids []string) {
	c.Largest = max(c.Largest, len(ids))
	present := make(map[string]bool)
	for _, id := range ids {
		present[id] = true
	}
	var gone, here []known
	seen := make(map[string]bool)
	for _, k := range slices.Backward(c.Known) {
		if seen[k.ID] {
			continue
		}
		seen[k.ID] = true
		if present[k.ID] {
			here = append(here, k)
		} else {
			gone = append(gone, k)
		}
	}
	window := min(max(windowFactor*c.Largest, windowLeast), windowMost)
	newestFirst := append(here, gone...)
	newestFirst = newestFirst[:min(len(newestFirst), max(window, len(here)))]
	slices.Reverse(newestFirst)
	c.Known = newestFirst
}

// day bounds how long a source can make the relay wait.
const day = 24 * time.Hour
