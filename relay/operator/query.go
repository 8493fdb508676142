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
	"github.com/connector-relay/relay/relay/store"
)

// deliveryQuery writes a filter as the query of a URL. Cards do not travel in lists.
func deliveryQuery(f store.Filter) url.Values {
	return query(map[string]string{
		"channel": f.Channel, "connector": f.Connector, "state": listed(f.States),
		"event": number(f.Event), "before": number(f.Before), "limit": number(int64(f.Limit)),
	})
}

// parseDeliveryQuery is the inverse of deliveryQuery.
func parseDeliveryQuery(v url.Values) (f store.Filter, err error) {
	p := parser{values: v}
	f = store.Filter{
		Channel: v.Get("channel"), Connector: v.Get("connector"), States: parseList(&p, "state", delivery.States()),
		Event: p.number("event"), Before: p.number("before"), Limit: int(p.number("limit")),
	}
	return f, p.err
}

// eventQuery writes a filter as the query of a URL.
func eventQuery(f store.EventFilter) url.Values {
	since := ""
	if !f.Since.IsZero() {
		since = f.Since.Format(time.RFC3339Nano)
	}
	return query(map[string]string{
		"connector": f.Connector, "kind": f.Kind, "key": f.Key, "text": f.Text, "fate": listed(f.Fates),
		"since": since, "before": number(f.Before), "limit": number(int64(f.Limit)),
	})
}

// parseEventQuery is the inverse of eventQuery.
func parseEventQuery(v url.Values) (f store.EventFilter, err error) {
	p := parser{values: v}
	f = store.EventFilter{
		Connector: v.Get("connector"), Kind: v.Get("kind"), Key: v.Get("key"), Text: v.Get("text"), Fates: parseList(&p, "fate", event.Fates()),
		Since: p.time("since"), Before: p.number("before"), Limit: int(p.number("limit")),
	}
	return f, p.err
}

// query leaves out what is empty.
func query(values map[string]string) url.Values {
	v := url.Values{}
	for name, value := range values {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func listed[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return strings.Join(texts, ",")
}

// parser reads the values of a query, any of which may be missing. It keeps the first
// error.
type parser struct {
	values url.Values
	err    error
}

func (p *parser) fail(format string, a ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, a...)...)
	}
}

func (p *parser) number(name string) int64 {
	text := p.values.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		p.fail("%s is not a whole number", name)
	}
	return n
}

func (p *parser) time(name string) time.Time {
	text := p.values.Get(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		p.fail("%s is not a time like 2026-05-01T08:00:00Z", name)
	}
	return t
}

// parseList reads values between commas. It refuses one that there cannot be: a list
// that is empty because of a typing mistake would be taken for good news.
func parseList[T ~string](p *parser, name string, known []T) []T {
	var list []T
	for s := range strings.SplitSeq(p.values.Get(name), ",") {
		switch v := T(s); {
		case s == "":
		case !slices.Contains(known, v):
			p.fail("there is no %s %q; the %ss are %v", name, s, name, known)
		default:
			list = append(list, v)
		}
	}
	return list
}
