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
	name   string
	schema schema
	write  func() string
	read   func(string) error
}

// deliveryFields returns a filter's fields. Lists carry no cards.
func deliveryFields(f *store.Filter) []field {
	return append(deliveryConditions(f), before(&f.Before), limit(&f.Limit))
}

// deliveryConditions are the fields that say which deliveries, and not how many.
func deliveryConditions(f *store.Filter) []field {
	return []field{
		text("channel", &f.Channel), text("connector", &f.Connector), list("state", &f.States, delivery.States()),
		number("event", &f.Event), text("kind", &f.Kind), searched(&f.Text), since(&f.Since), until(&f.Until),
		choice("verdict", &f.Verdict, delivery.Verdicts()),
	}
}

func eventFields(f *store.EventFilter) []field {
	return []field{
		text("connector", &f.Connector), text("kind", &f.Kind), text("key", &f.Key), searched(&f.Text),
		list("fate", &f.Fates, event.Fates()), since(&f.Since), until(&f.Until), before(&f.Before), limit(&f.Limit),
	}
}

func auditFields(f *store.AuditFilter) []field {
	return []field{text("who", &f.Who), text("subject", &f.Subject), before(&f.Before), limit(&f.Limit)}
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

// parse reads fields from the query of a URL. One that there is not is refused, as is an
// impossible value: a list that a typing mistake left too long or empty would be taken for
// the truth.
func parse(fields []field, raw string) error {
	v, err := url.ParseQuery(raw)
	if err != nil {
		return fmt.Errorf("%w: the query cannot be read: %w", operator.ErrInvalid, err)
	}
	for _, f := range fields {
		if len(v[f.name]) > 1 {
			return fmt.Errorf("%w: %s is given twice", operator.ErrInvalid, f.name)
		}
		if v.Has(f.name) {
			if err := f.read(v.Get(f.name)); err != nil {
				return fmt.Errorf("%w: %w", operator.ErrInvalid, err)
			}
		}
		v.Del(f.name)
	}
	for name := range v {
		return fmt.Errorf("%w: there is no parameter %q here", operator.ErrInvalid, name)
	}
	return nil
}

func text(name string, value *string) field {
	return field{name, schema{"type": "string"}, func() string { return *value }, func(s string) error { *value = s; return nil }}
}

func searched(value *string) field {
	f := text("text", value)
	f.schema["maxLength"] = store.MaxText
	f.schema["description"] = fmt.Sprintf("Only with this text in the card, in capitals or not, among the newest %d that the rest leaves.", store.MaxSearched)
	return f
}

func since(value *time.Time) field {
	f := moment("since", value)
	f.schema["description"] = "Only what was accepted then or later."
	return f
}

func until(value *time.Time) field {
	f := moment("until", value)
	f.schema["description"] = "Only what was accepted before."
	return f
}

// choice is one of several values.
func choice[T ~string](name string, value *T, known []T) field {
	return field{name, schema{"type": "string", "enum": known}, func() string { return string(*value) }, func(s string) error {
		if *value = T(s); s != "" && !slices.Contains(known, *value) {
			return fmt.Errorf("there is no %s %q; the %ss are %v", name, s, name, known)
		}
		return nil
	}}
}

func before(value *int64) field {
	f := number("before", value)
	f.schema["description"] = "Only what has a smaller number: the page after the one that ended with it."
	return f
}

func limit(value *int) field {
	f := number("limit", value)
	f.schema["description"] = fmt.Sprintf("At most so many, and never more than %d; %d if it is not given.", operator.MostListed, store.DefaultLimit)
	return f
}

func number[N int | int64](name string, value *N) field {
	write := func() string {
		if *value == 0 {
			return ""
		}
		return strconv.FormatInt(int64(*value), 10)
	}
	return field{name, schema{"type": "integer", "format": "int64", "minimum": 0}, write, func(s string) error {
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
	return field{name, schema{"type": "string", "format": "date-time"}, write, func(s string) (err error) {
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
	return field{name, schema{"type": "array", "items": schema{"type": "string", "enum": known}}, write, func(s string) error {
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
