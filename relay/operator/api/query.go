package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// field binds one value of a filter to its name in the query of a URL, for both sides of
// the wire. A zero value is not written, and a missing one is not read.
type field struct {
	name  string
	write func() string
	read  func(string) error
}

// deliveryFields returns a filter's fields. Lists carry no cards.
func deliveryFields(f *store.Filter) []field {
	return []field{
		text("channel", &f.Channel), text("connector", &f.Connector), list("state", &f.States, delivery.States()),
		number("event", &f.Event), number("before", &f.Before), number("limit", &f.Limit),
	}
}

func eventFields(f *store.EventFilter) []field {
	return []field{
		text("connector", &f.Connector), text("kind", &f.Kind), text("key", &f.Key), text("text", &f.Text),
		list("fate", &f.Fates, event.Fates()), moment("since", &f.Since), number("before", &f.Before), number("limit", &f.Limit),
	}
}

// textFields returns the fields of a question about one text.
func textFields(name string) func(*string) []field {
	return func(value *string) []field { return []field{text(name, value)} }
}

// query writes fields as the query of a URL.
func query(fields []field) url.Values {
	v := url.Values{}
	for _, f := range fields {
		if value := f.write(); value != "" {
			v.Set(f.name, value)
		}
	}
	return v
}

// parse returns what reads a filter from the query of a URL.
func parse[F any](fields func(*F) []field) func(url.Values) (F, error) {
	return func(v url.Values) (filter F, err error) {
		for _, f := range fields(&filter) {
			if !v.Has(f.name) {
				continue
			}
			if err := f.read(v.Get(f.name)); err != nil {
				return filter, fmt.Errorf("%w: %w", operator.ErrInvalid, err)
			}
		}
		return filter, nil
	}
}

func text(name string, value *string) field {
	return field{name, func() string { return *value }, func(s string) error { *value = s; return nil }}
}

func number[N int | int64](name string, value *N) field {
	write := func() string {
		if *value == 0 {
			return ""
		}
		return strconv.FormatInt(int64(*value), 10)
	}
	return field{name, write, func(s string) error {
		n, err := strconv.ParseInt(s, 10, 64)
		if *value = N(n); s != "" && (err != nil || n < 0) {
			return fmt.Errorf("%s is not a whole number", name)
		}
		return nil
	}}
}

func moment(name string, value *time.Time) field {
	write := func() string {
		if value.IsZero() {
			return ""
		}
		return value.Format(time.RFC3339Nano)
	}
	return field{name, write, func(s string) (err error) {
		if *value, err = time.Parse(time.RFC3339Nano, s); s != "" && err != nil {
			return fmt.Errorf("%s is not a time like 2026-05-01T08:00:00Z", name)
		}
		return nil
	}}
}

// list holds values separated by commas. It refuses an impossible value, because an empty
// list caused by a typing mistake would look like good news.
func list[T ~string](name string, values *[]T, known []T) field {
	write := func() string {
		texts := make([]string, len(*values))
		for i, v := range *values {
			texts[i] = string(v)
		}
		return strings.Join(texts, ",")
	}
	return field{name, write, func(s string) error {
		for one := range strings.SplitSeq(s, ",") {
			if one != "" && !slices.Contains(known, T(one)) {
				return fmt.Errorf("there is no %s %q; the %ss are %v", name, one, name, known)
			}
			if one != "" {
				*values = append(*values, T(one))
			}
		}
		return nil
	}}
}
