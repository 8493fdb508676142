// Package contract is the relay's half of the plugin contract: it reads what a plugin
// says and trusts nothing unchecked. It does no I/O.
package contract

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/wire"
	"github.com/connector-relay/relay/relay/schedule"
)

const (
	typeName     = `^[a-z][a-z0-9_-]{0,62}$`
	argumentName = `^[a-z][a-z0-9_]{0,62}$`

	maxLine      = 1 << 10
	maxTypes     = 100
	maxArguments = 200
	maxKinds     = 500
	// maxText bounds what may be longer than a line: a default, a document, and the names
	// of all allowed values together.
	maxText = 16 << 10
)

// Reserved lists the arguments of a connector block that belong to the relay; a plugin
// cannot have an argument of such a name.
func Reserved() []string {
	return []string{"enabled", "expires", "for_each", "hooks", "http", "max_silence", "owner", "path", "quota", "route", "schedule", "team", "timeout"}
}

// Types reads what a plugin implements. The error lists everything that is wrong with it.
func Types(w *wire.DescribeResponse) ([]connector.Type, error) {
	if len(w.GetTypes()) == 0 {
		return nil, errors.New("it implements no connector type")
	}
	if n := len(w.GetTypes()); n > maxTypes {
		return nil, fmt.Errorf("it implements %d connector types; at most %d are allowed", n, maxTypes)
	}
	var types []connector.Type
	var problems []error
	for _, d := range w.GetTypes() {
		t, err := readType(d)
		if err == nil && slices.ContainsFunc(types, func(other connector.Type) bool { return other.Type == t.Type }) {
			err = errors.New("it is described twice")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("connector type %q: %w", clip(d.GetType()), err))
		}
		types = append(types, t)
	}
	return types, errors.Join(problems...)
}

// readType reads one connector type.
func readType(w *wire.Description) (connector.Type, error) {
	t := connector.Type{
		Description: connector.Description{
			Type: w.GetType(), Title: w.GetTitle(), Summary: w.GetSummary(), Version: w.GetVersion(), Icon: w.GetIcon(), Schedule: w.GetSchedule(),
		},
		Polls: w.GetPolls(), Receives: w.GetReceives(), SignsIn: w.GetSignsIn(),
	}
	var problems []error
	add := func(format string, a ...any) { problems = append(problems, fmt.Errorf(format, a...)) }
	if !regexp.MustCompile(typeName).MatchString(t.Type) {
		add("the name must be of lower-case letters, digits, '-' and '_', and begin with a letter")
	}
	if !t.Polls && !t.Receives {
		add("it neither polls nor receives")
	}
	for name, text := range map[string]string{"title": t.Title, "summary": t.Summary, "version": t.Version, "schedule": t.Schedule} {
		if len(text) > maxLine || strings.ContainsAny(text, "\r\n") {
			add("the %s must be one line of at most %d bytes", name, maxLine)
		}
	}
	if t.Schedule != "" {
		if _, err := schedule.Parse(t.Schedule); err != nil {
			add("the schedule is not one such as \"@every 15m\": %w", err)
		}
	}
	if err := checkIcon(t.Icon); err != nil {
		problems = append(problems, err)
	}
	if len(w.GetKinds()) > maxKinds {
		add("it has more than %d kinds", maxKinds)
		return t, errors.Join(problems...)
	}
	var errs []error
	t.Arguments, errs = (&schema{left: maxArguments}).arguments(w.GetArguments(), 0)
	problems = append(problems, errs...)
	t.Kinds, errs = kinds(w.GetKinds())
	return t, errors.Join(append(problems, errs...)...)
}

func checkIcon(icon []byte) error {
	switch {
	case len(icon) == 0:
		return nil
	case len(icon) > wire.MaxIcon:
		return fmt.Errorf("the icon has %d bytes; at most %d are allowed", len(icon), wire.MaxIcon)
	case bytes.HasPrefix(icon, []byte("\x89PNG\r\n\x1a\n")):
		return nil
	case utf8.Valid(icon) && bytes.Contains(icon, []byte("<svg")):
		return nil
	}
	return errors.New("the icon is neither SVG nor PNG")
}

func kinds(list []*wire.EventKind) ([]connector.Kind, []error) {
	var out []connector.Kind
	var problems []error
	seen := make(map[string]bool)
	for _, w := range list {
		k := connector.Kind{Name: w.GetName(), Doc: w.GetDoc()}
		err := wire.CheckKind(k.Name)
		if err == nil && len(k.Doc) > maxText {
			err = fmt.Errorf("its doc has %d bytes; at most %d are allowed", len(k.Doc), maxText)
		}
		if err == nil && seen[k.Name] {
			err = errors.New("there are two of that name")
		}
		if err == nil && w.GetSample() != nil {
			if k.Sample, err = wire.ToEvent(w.GetSample()); err != nil {
				err = fmt.Errorf("the sample: %w", err)
			}
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("event kind %q: %w", clip(k.Name), err))
		}
		seen[k.Name] = true
		out = append(out, k)
	}
	return out, problems
}

// clip shortens what a plugin said for an error.
func clip(text string) string { return cut(text, 100) }

// line turns a text into one line of at most maxLine bytes.
func line(text string) string { return cut(strings.Join(strings.Fields(text), " "), maxLine) }

func cut(text string, limit int) string {
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
