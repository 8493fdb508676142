package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	// The time zones' names, also for machines without a list of them.
	_ "time/tzdata"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/quiet"
	"github.com/connector-relay/relay/relay/route/language"
)

const (
	defaultDigestAfter = 5 * time.Minute
	defaultDigestMost  = 30
	mostDigest         = 100
)

func quietSchema() language.Schema {
	return language.Schema{
		Title: "a quiet block",
		Attributes: []language.Attribute{
			{Name: "from", Required: true, Doc: `the time of day when quiet hours begin, such as "22:00"`},
			{Name: "to", Required: true, Doc: `the time of day when quiet hours end, such as "07:00"`},
			{Name: "timezone"},
			{Name: "days"},
		},
	}
}

func digestSchema() language.Schema {
	return language.Schema{
		Title:      "a digest block",
		Attributes: []language.Attribute{{Name: "after"}, {Name: "most"}, {Name: "enabled"}},
	}
}

// quiet reads a channel's quiet hours; nil means none.
func (f *File) quiet(body *hclsyntax.Body) *quiet.Hours {
	block := find(body, "quiet")
	if block == nil {
		return nil
	}
	f.add(f.check(quietSchema(), block.Body, block.DefRange())...)
	var h quiet.Hours
	from, hasFrom := f.readClock(block.Body, "from")
	to, hasTo := f.readClock(block.Body, "to")
	h.From, h.To = from, to
	h.Location = f.readTimezone(block.Body)
	days := f.readDays(block.Body, &h)
	switch {
	case !hasFrom || !hasTo || from != to:
	case !days:
		f.error("Contradiction", "The times from and to are the same, so it would be quiet either never or always. Change one of them, or name days that are quiet as a whole, such as days = [\"sat\", \"sun\"].", block.DefRange())
	case !slices.Contains(h.Days[:], false):
		f.error("Contradiction", "Every day would be quiet as a whole, and no card would ever be delivered. Remove a day, or use `relay pause` to hold all cards.", block.DefRange())
	}
	return &h
}

// find returns the first nested block of a type; nil when there is none.
func find(body *hclsyntax.Body, typ string) *hclsyntax.Block {
	for _, b := range body.Blocks {
		if b.Type == typ {
			return b
		}
	}
	return nil
}

// readClock reads a time of day.
func (f *File) readClock(body *hclsyntax.Body, name string) (quiet.Clock, bool) {
	s, ok := f.readText(body, name, `a time of day in quotes, such as "22:00"`)
	if !ok {
		return 0, false
	}
	t, err := time.Parse("15:04", s.text())
	if err != nil || len(s.text()) != len("15:04") {
		f.error("Not a time of day", fmt.Sprintf("The attribute %s cannot be %s. Write hours and minutes from \"00:00\" to \"23:59\", such as \"07:30\".", name, s.shown()), s.place)
		return 0, false
	}
	return quiet.Clock(60*t.Hour() + t.Minute()), true
}

// readTimezone reads the time zone; the default is the machine's.
func (f *File) readTimezone(body *hclsyntax.Body) *time.Location {
	s, ok := f.readText(body, "timezone", `the name of a time zone, such as "Europe/Berlin"`)
	if !ok {
		return time.Local
	}
	place, err := time.LoadLocation(s.text())
	if err != nil || s.text() == "" {
		f.error("Unknown time zone", fmt.Sprintf("There is no time zone %s. Write a name from the IANA time zone database, such as \"Europe/Berlin\" or \"UTC\".", s.shown()), s.place)
		return time.Local
	}
	return place
}

// readDays reads the days on which quiet hours begin and reports whether any are named;
// the default is every day.
func (f *File) readDays(body *hclsyntax.Body, h *quiet.Hours) bool {
	for i := range h.Days {
		h.Days[i] = true
	}
	s, ok := f.read(body, "days", cty.List(cty.String), `a list of days, such as ["sat", "sun"]`)
	if !ok {
		return body.Attributes["days"] != nil
	}
	h.Days = [7]bool{}
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for _, v := range s.value.AsValueSlice() {
		day := setting{name: s.name, value: v, place: s.place, hidden: s.hidden}
		if v.IsNull() {
			f.error("Wrong type", "The attribute days is a list of days; one of them is null.", s.place)
		} else if f.oneOf(day, names) {
			h.Days[slices.Index(names, v.AsString())] = true
		}
	}
	if len(s.value.AsValueSlice()) == 0 {
		f.error("No day", "The list of days is empty, so it would never be quiet. Name a day, or remove the attribute days for quiet hours on every day.", s.place)
	}
	return true
}

// digest reads when a channel's cards are sent together. A webhook's cards are for
// programs, which may not expect digests, so they are off there unless the block
// enables them.
func (f *File) digest(c Channel, body *hclsyntax.Body) Digest {
	d := Digest{Most: defaultDigestMost, After: defaultDigestAfter}
	paced := c.System.Rate.PerSecond > 0
	if !paced {
		d.After = 0
	}
	block := find(body, "digest")
	if block == nil {
		return d
	}
	f.add(f.check(digestSchema(), block.Body, block.DefRange())...)
	d.After = f.readDuration(block.Body, "after", time.Second, d.After)
	d.Most, _ = f.readCount(block.Body, "most", mostDigest, d.Most)
	if after := block.Body.Attributes["after"]; after != nil && c.System.Posts() && !paced && c.Rate == 0 {
		f.error("Attribute without effect", fmt.Sprintf("The attribute after says how far the rate may fall behind, and a channel of type %s has no rate by default. Add rate to the channel, such as rate = \"1/s\", or remove after.", c.System.Name), after.NameRange)
	}
	if most := block.Body.Attributes["most"]; most != nil && d.Most == 1 {
		f.error("Number out of range", "A digest holds at least 2 cards. To turn digests off, write enabled = false.", most.Expr.Range())
	}
	if !f.readBool(block.Body, "enabled", true) {
		return Digest{}
	}
	return d
}

// quietWords is what of quiet hours goes into a fingerprint.
func quietWords(h *quiet.Hours) string {
	if h == nil {
		return ""
	}
	return strings.Join([]string{fmt.Sprint(h.From), fmt.Sprint(h.To), fmt.Sprint(h.Days), h.Location.String()}, " ")
}
