package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// mark is how something stands: a word, and the icon and colour that go with it.
type mark struct{ Kind, Word string }

// The kinds of marks.
const (
	good   = "good"
	waits  = "wait"
	paused = "paused"
	bad    = "bad"
	idle   = "idle"
)

func deliveryMark(s delivery.State) mark {
	switch s {
	case delivery.Delivered:
		return mark{good, string(s)}
	case delivery.Accepted:
		return mark{good, "accepted by the flow"}
	case delivery.Dead:
		return mark{bad, string(s)}
	case delivery.Waiting:
		return mark{waits, string(s)}
	}
	return mark{idle, string(s)}
}

func laneMark(c operator.Channel) mark {
	switch c.Lane {
	case delivery.Open:
		return mark{good, string(c.Lane)}
	case delivery.Paused:
		return mark{paused, string(c.Lane)}
	case delivery.Removed:
		return mark{idle, string(c.Lane)}
	}
	return mark{waits, string(c.Lane)}
}

func healthMark(c operator.Connector) mark {
	switch c.Health {
	case "ok":
		if len(c.Suspended) > 0 {
			return mark{bad, "suspended"}
		}
		return mark{good, c.Health}
	case "waiting":
		return mark{waits, c.Health}
	case string(connector.KindTemporary):
		return mark{waits, "fails for now"}
	case "disabled", "removed":
		return mark{idle, c.Health}
	}
	return mark{bad, c.Health}
}

// fateMark sums up how an event's deliveries stand.
func fateMark(e operator.Fated) mark {
	if len(e.Deliveries) == 0 {
		return mark{idle, string(e.Fate)}
	}
	byConcern := []delivery.State{delivery.Dead, delivery.Waiting, delivery.Dismissed}
	for _, state := range byConcern {
		if slices.ContainsFunc(e.Deliveries, func(s store.Standing) bool { return s.State == state }) {
			return deliveryMark(state)
		}
	}
	return mark{good, string(delivery.Delivered)}
}

// ago is how long ago or how soon a time is.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Round(24*time.Hour).Hours()/24))
}

// took is how long an attempt took.
func took(ms float64) string {
	if ms < 1 {
		return "less than 1ms"
	}
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Millisecond).String()
}

// maxData is how many bytes of an event's data a page shows.
const maxData = 32 << 10

// indented is JSON for people.
func indented(data json.RawMessage) string {
	var b bytes.Buffer
	if len(data) > maxData || json.Indent(&b, data, "", "  ") != nil {
		return strings.ToValidUTF8(string(data[:min(len(data), maxData)]), "") + " …"
	}
	return b.String()
}

// counted is a number of things in words.
func counted(n int, one, many string) string { return fmt.Sprint(n, " ", plural(n, one, many)) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// prose is what the relay says in a line, as a sentence: it begins with a capital, and
// what is in backquotes is code.
func prose(s string) template.HTML {
	first, size := utf8.DecodeRuneInString(s)
	if size > 0 && first != utf8.RuneError {
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	parts := strings.Split(s, "`")
	var b strings.Builder
	for i, part := range parts {
		switch code := i%2 == 1; {
		case code && i < len(parts)-1:
			b.WriteString("<code>" + template.HTMLEscapeString(part) + "</code>")
		case code:
			b.WriteString("`" + template.HTMLEscapeString(part))
		default:
			b.WriteString(template.HTMLEscapeString(part))
		}
	}
	return template.HTML(b.String())
}

// isOwnName reports whether a name is not a connector's, but one under which Relay itself
// sends cards, such as relay.send. Connectors' names have no dots.
func isOwnName(connector string) bool { return strings.Contains(connector, ".") }
