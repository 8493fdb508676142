// Package migrate makes a configuration of what another program was configured with: an
// inventory of Teams' connectors, an Alertmanager, Grafana's contact points, Apprise.
//
// What it makes is a [Draft]. It is valid once the variables that it names are set, and it
// says what needs a person. Secrets are only in the variables, never in the draft.
package migrate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/secret"
)

// Draft is a configuration for a person to complete.
type Draft struct {
	// title says what it was made of.
	title     string
	todo      []string
	blocks    []*block
	variables []Variable
	// taken are the names of blocks, after their type, and of variables.
	taken map[string]bool
}

// Variable is an environment variable that a draft reads.
type Variable struct {
	Name string
	// What says what it holds.
	What string
	// Value is what was read; zero when a person has to find it.
	Value secret.Value
}

func newDraft(title string) *Draft { return &Draft{title: title, taken: make(map[string]bool)} }

// Todo lists what needs a person, and has no secret in it.
func (d *Draft) Todo() []string {
	list := slices.Clone(d.todo)
	for _, v := range d.variables {
		if v.Value.IsZero() {
			list = append(list, fmt.Sprintf("Set %s: %s.", v.Name, v.What))
		}
	}
	return list
}

// Variables returns the variables that the draft reads.
func (d *Draft) Variables() []Variable { return d.variables }

// need notes what needs a person, once.
func (d *Draft) need(format string, a ...any) {
	if text := fmt.Sprintf(format, a...); !slices.Contains(d.todo, text) {
		d.todo = append(d.todo, text)
	}
}

var errOneLine = errors.New("its value has more than one line")

// Environment writes the variables as a shell and systemd's EnvironmentFile read them.
// Those without a value are comments.
func (d *Draft) Environment() ([]byte, error) {
	var b strings.Builder
	for _, v := range d.variables {
		text, err := v.Value.Reveal()
		if err == nil && strings.ContainsAny(text, "\r\n\x00") {
			err = errOneLine
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		fmt.Fprintf(&b, "# %s\n", oneLine(v.What))
		if text == "" {
			b.WriteString("# ")
		}
		fmt.Fprintf(&b, "%s=\"%s\"\n", v.Name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(text))
	}
	return []byte(b.String()), nil
}

// variable adds a variable for an attribute of a block.
func (d *Draft) variable(block, attribute, what, value string) string {
	name := d.free("env", strings.ToUpper(ascii(block+"_"+attribute)), "_")
	v := Variable{Name: name, What: what}
	if value != "" {
		v.Value = secret.New(value)
	}
	d.variables = append(d.variables, v)
	return name
}

// free makes a name that nothing of this sort has yet.
func (d *Draft) free(sort, wanted, joint string) string {
	name := wanted
	for n := 2; d.taken[sort+" "+name]; n++ {
		end := fmt.Sprint(joint, n)
		name = shortened(wanted, longestName-len(end)) + end
	}
	d.taken[sort+" "+name] = true
	return name
}
