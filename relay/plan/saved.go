package plan

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/intake"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// Aside says why a saved connector does not run.
type Aside struct {
	// Owner and Team are whose it is, as far as the block could be read.
	Owner, Team string
	// Declared says that a file declares a connector of its name.
	Declared bool
	// Mistakes are sentences; Text has them with the lines that they are about.
	Mistakes []string
	Text     string
}

// asides returns the saved connectors that a file has set aside.
func asides(file *config.File) map[string]Aside {
	list := make(map[string]Aside)
	for _, a := range file.Asides() {
		list[a.Name] = aside(file, a.Name, a.Declared, a.Diagnostics)
	}
	return list
}

func aside(file *config.File, name string, declared bool, diags hcl.Diagnostics) Aside {
	a := Aside{Declared: declared, Text: told(file, diags)}
	a.Owner, a.Team = file.Ownership(name)
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			a.Mistakes = append(a.Mistakes, sentences(d))
		}
	}
	return a
}

func sentences(d *hcl.Diagnostic) string { return d.Summary + ". " + d.Detail }

// told is the mistakes among diagnostics, as text.
func told(file *config.File, diags hcl.Diagnostics) string {
	mistakes := slices.DeleteFunc(slices.Clone(diags), func(d *hcl.Diagnostic) bool { return d.Severity != hcl.DiagError })
	if err := file.Error(mistakes); err != nil {
		return err.Error()
	}
	return ""
}

// Concerns reports whether a plan would be another if somebody were in these groups: she
// owns a connector, and was in others.
func (p *Plan) Concerns(person string, groups []string) bool {
	owns := slices.ContainsFunc(p.Config.Connectors, func(c config.Connector) bool { return access.SameName(c.Owner, person) })
	sorted := func(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
	return owns && !slices.Equal(sorted(p.seen[person]), sorted(groups))
}

// Checked is one saved connector as a configuration would run it.
type Checked struct {
	// Type is the connector's type; it is zero when no plugin has it.
	Type connector.Type
	// Owner and Team are what the block says, and Left says that the owner is no member of
	// the team, so that somebody else may take the connector over.
	Owner, Team string
	Left        bool
	// Schedule is how often it polls; empty means the type's default.
	Schedule string
	// Teams are the teams of the channels that it posts to, by channel.
	Teams map[string]string
	// Mistakes are what is wrong with it, and Notes what else a person should know, each
	// with the field of the form. Text is the mistakes with the lines that they are about.
	Mistakes, Notes []form.Mistake
	Text            string

	options Options
	set     *pluginhost.Set
	spec    intake.Spec
}

// Discard ends what only the check has started.
func (c *Checked) Discard() {
	c.set.Discard()
	c.options.mask()
}

// Check reads one saved connector with the sources of a configuration, and leaves the other
// saved ones out. Its mistakes are no error.
func Check(ctx context.Context, s config.Saved, o Options) (*Checked, error) {
	o.owner = "check " + rand.Text()
	file, diags := o.parse([]config.Saved{s})
	if err := file.Error(diags); err != nil {
		return nil, err
	}
	set, err := launch(ctx, file, o)
	if err != nil {
		return nil, err
	}
	c := &Checked{options: o, set: set}
	cfg, diags := file.Decode(set.Types(), bundledTypes()...)
	if err := file.Error(diags); err != nil {
		c.Discard()
		return nil, err
	}
	if typ, _, err := form.Label(s.HCL); err == nil {
		c.Type = set.Types()[typ]
	}
	c.Owner, c.Team = file.Ownership(s.Name)
	c.Left = c.Team != "" && !file.Belongs(c.Owner, c.Team)
	found := file.Advice(s.Name)
	if i := slices.IndexFunc(cfg.Connectors, func(c config.Connector) bool { return c.Saved }); i >= 0 {
		connector := cfg.Connectors[i]
		o.mask(append(connector.Arguments.Secrets(), connector.Path)...)
		var more hcl.Diagnostics
		c.spec, more = buildConnector(ctx, connector, cfg, set, o)
		found = append(found, more...)
		c.Schedule, c.Teams = connector.Schedule, teams(connector, cfg)
	}
	c.sort(found, s)
	c.Text = told(file, found)
	return c, nil
}

// teams returns the teams of the channels that a connector posts to, by channel.
func teams(c config.Connector, cfg *config.Config) map[string]string {
	list := make(map[string]string)
	for _, r := range c.Routes {
		for _, name := range r.To {
			list[name] = ""
		}
	}
	for _, channel := range cfg.Channels {
		if _, posts := list[channel.Name]; posts {
			list[channel.Name] = channel.Team
		}
	}
	return list
}

// sort tells mistakes from advice, and finds the field that each is about.
func (c *Checked) sort(found hcl.Diagnostics, s config.Saved) {
	for _, d := range found {
		p := form.Mistake{Message: sentences(d)}
		if d.Subject != nil && d.Subject.Filename == config.SavedSource(s.Name) {
			p.Field = form.At(s.HCL, c.Type, d.Subject.Start.Byte)
		}
		if d.Severity == hcl.DiagError {
			c.Mistakes = append(c.Mistakes, p)
		} else {
			c.Notes = append(c.Notes, p)
		}
	}
}

var errEnough = errors.New("that is enough")

// Preview polls the connector without keeping anything, with a token from a sign-in if
// there is one, and returns the newest events at its source, n at most.
func (c *Checked) Preview(ctx context.Context, token string, n int) (found []event.Event, note string, err error) {
	call, err := c.Call()
	if err != nil {
		return nil, "", err
	}
	call.Token, call.Preview = token, n
	done, err := c.set.Poll(ctx, call, nil, func(_ context.Context, b event.Batch) error {
		if found = append(found, b.Events...); len(found) >= n {
			return errEnough
		}
		return nil
	})
	if len(found) > 0 { // what was found before an error is worth seeing
		return found[max(0, len(found)-n):], done.Note, nil
	}
	return nil, done.Note, err
}

// Call is what the connector's plugin gets with a call.
func (c *Checked) Call() (pluginhost.Call, error) {
	call := c.spec.Call
	var err error
	call.Arguments, err = c.spec.Arguments()
	return call, err
}
