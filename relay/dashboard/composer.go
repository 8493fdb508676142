package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
)

// composer is the page on which somebody makes or changes a connector.
type composer struct {
	form.Filled
	Type shelved
	// To is where the form is posted, and Editing says that the connector is saved.
	To      string
	Editing bool
	// Aside is why the saved connector does not run.
	Aside string
	// Asked are the fields that most connectors of the type set, and Further those that can
	// wait; Unfold says that something among them is set or wrong.
	Asked, Further []field
	Unfold         bool
	// Uploads says that a picture can be uploaded, and Picture is where the page shows it.
	Uploads bool
	Picture string
	Choices []channelChoice
	Sorts   []kindChoice
	// ChoosesKinds says that some kinds are chosen.
	ChoosesKinds bool
	Example      string
	Wrong        map[string]string
	Mistakes     []pointed
	// HCL is what would be saved; it is empty until that is known to be without mistakes.
	HCL   string
	Notes []form.Mistake
	Trial *operator.Trial
	// Formats are one of the cards as the chosen channels get it.
	Formats []operator.Preview
	// Carried are the secrets that were typed, sealed.
	Carried []pair
}

// pointed is a mistake, and the field where it is.
type pointed struct{ Field, Label, Message string }

// channelChoice is a channel that can be chosen.
type channelChoice struct {
	operator.Channel
	Chosen bool
}

// kindChoice is a kind of events that can be chosen.
type kindChoice struct {
	operator.Kind
	Chosen bool
}

// mostOptional is how many optional arguments without a default are asked for; the others
// are folded away.
const mostOptional = 4

// initialArgument is what types call how much of the past the first poll posts. Whoever
// adds a connector on the page waits for something to come.
const (
	initialArgument = "initial"
	initially       = "1"
)

func (d *Dashboard) composer(ctx context.Context, t operator.ConnectorType, f form.Filled) (*composer, error) {
	c := &composer{Filled: f, Type: d.shelve(t), Editing: f.Revision > 0, To: "/connectors/new?type=" + url.QueryEscape(t.Type), Wrong: make(map[string]string)}
	if c.Editing {
		c.To = "/connectors/" + url.PathEscape(f.Name) + "/edit"
	}
	channels, err := d.relay.Channels(ctx)
	if err != nil {
		return nil, err
	}
	c.choose(ctx, channels)
	for _, k := range t.Kinds {
		chosen := slices.Contains(f.Kinds, k.Kind)
		c.Sorts = append(c.Sorts, kindChoice{k, chosen})
		c.ChoosesKinds = c.ChoosesKinds || chosen
	}
	c.Example = `contains(lower(event.card.title), "urgent")`
	if len(t.Kinds) > 1 {
		c.Example = `event.kind == "` + t.Kinds[0].Kind + `"`
	}
	for _, a := range t.Fields {
		if a.Name == pictureArgument && !a.Secret {
			c.Uploads, c.Picture = true, d.options.Pictures.Address(f.Arguments[pictureArgument])
		}
	}
	return c, nil
}

// choose lists the channels that somebody may use. The only one is chosen from the start.
func (c *composer) choose(ctx context.Context, channels []operator.Channel) {
	for _, ch := range channels {
		if manages(ctx, ch.Team, access.Configure) && ch.Lane != delivery.Removed {
			c.Choices = append(c.Choices, channelChoice{ch, slices.Contains(c.Channels, ch.Name)})
		}
	}
	if len(c.Choices) == 1 && !c.Editing {
		c.Choices[0].Chosen = true
	}
}

// show adds what came of a draft.
func (c *composer) show(mistakes []form.Mistake, drafted operator.Drafted, found *operator.Trial) {
	for _, m := range mistakes {
		c.Wrong[m.Field] = strings.TrimSpace(c.Wrong[m.Field] + " " + m.Message)
	}
	c.Trial = found
	if len(mistakes) == 0 {
		c.HCL, c.Notes = drafted.HCL, drafted.Notes
	}
	for _, m := range mistakes {
		c.Mistakes = append(c.Mistakes, pointed{m.Field, c.labelOf(m.Field), m.Message})
	}
}

func (c *composer) labelOf(name string) string {
	for _, a := range c.Type.Fields {
		if form.ArgumentField(a.Name) == name {
			return a.Label
		}
	}
	return map[string]string{
		form.FieldName: "Name", form.FieldTeam: "Team", form.FieldSchedule: "Schedule", form.FieldMaxSilence: "Silence", form.FieldPath: "Further path",
		form.FieldExpires: "Expiry", form.FieldChannels: "Channels", form.FieldKinds: "Events", form.FieldCondition: "Condition",
	}[name]
}

func (c *composer) view(ctx context.Context) view {
	c.fields(ctx)
	v := view{Template: "compose.html", Title: c.Type.Title, Trail: []link{{"Connectors", "/connectors"}, {"Add a connector", "/connectors/new"}}, Page: c}
	if c.Editing {
		v.Title, v.Trail = "Edit", trailTo(c.Name)
	}
	if len(c.Mistakes) > 0 {
		v.Status = http.StatusUnprocessableEntity
	}
	return v
}

// fields makes the fields, once it is known what is wrong with them.
func (c *composer) fields(ctx context.Context) {
	if !c.Editing {
		c.Asked = append(c.Asked, field{
			Name: form.FieldName, Label: "Name", Kind: "text", Value: c.Name, Required: true, Problem: c.Wrong[form.FieldName], Example: "such as platform-" + c.Type.Type,
			Doc: "Letters, digits, - and _. It cannot be changed later.",
		})
	}
	if team := c.team(ctx); len(team.Options) > 1 || team.Problem != "" {
		c.Asked = append(c.Asked, team)
	}
	optional := 0
	for _, a := range c.Type.Fields {
		switch {
		case a.Required, a.Name == initialArgument:
			c.Asked = append(c.Asked, c.argument(a))
		case a.Default == "" && optional < mostOptional:
			optional++
			c.Asked = append(c.Asked, c.argument(a))
		default:
			c.Further = append(c.Further, c.argument(a))
		}
	}
	c.Further = append(c.Further, c.own()...)
	c.Unfold = slices.ContainsFunc(c.Further, func(f field) bool { return f.Value != "" || f.Problem != "" || f.Kept })
}

// team is the field for whose connector it is.
func (c *composer) team(ctx context.Context) field {
	me, _ := access.From(ctx)
	f := field{Name: form.FieldTeam, Label: "Team", Kind: "choice", Value: c.Team, Problem: c.Wrong[form.FieldTeam], Required: true, Doc: "Its members see the connector, and can take it over when you leave."}
	teams := slices.Clone(me.Teams)
	if me.Role == access.Ops {
		f.Required = false
		teams = []string{c.Team}
		f.Options = []option{{"", "none"}}
		for _, ch := range c.Choices {
			teams = append(teams, ch.Team)
		}
	}
	slices.Sort(teams)
	for _, t := range slices.Compact(teams) {
		if t != "" {
			f.Options = append(f.Options, option{Value: t})
		}
	}
	return f
}

// argument is the field for one of the plugin's arguments.
func (c *composer) argument(a form.Field) field {
	name := form.ArgumentField(a.Name)
	f := field{
		Name: name, Label: a.Label, Doc: a.Doc, Kind: "text", Value: c.Arguments[a.Name], Required: a.Required, Problem: c.Wrong[name],
		Example: a.Example, Kept: slices.Contains(c.Kept, a.Name),
	}
	switch a.Input {
	case form.Flag:
		f.Kind, f.Options = "choice", []option{{"", byDefault(map[string]string{"true": "yes", "false": "no"}[a.Default])}, {"true", "yes"}, {"false", "no"}}
	case form.Choice:
		f.Kind = "choice"
		if !a.Required {
			f.Options = []option{{"", byDefault(a.Default)}}
		}
		for _, value := range a.Allowed {
			f.Options = append(f.Options, option{Value: value})
		}
	case form.Lines, form.Value:
		f.Kind, f.Rows = "area", 3
		if a.Input == form.Lines {
			f.Doc = strings.TrimSpace(f.Doc + " One on each line.")
		}
	default:
		f.Example = a.Default
	}
	if a.Secret {
		f.Value, f.Example = "", ""
		c.hide(&f, a.Name)
	}
	return f
}

func byDefault(value string) string {
	if value == "" {
		return "not set"
	}
	return value + ", by default"
}

// hide makes a field one for a secret. It never shows again what was typed: the page carries
// that sealed, or the store has it. A key in several lines needs an area, as does what a
// person has to see to type it.
func (c *composer) hide(f *field, argument string) {
	switch {
	case strings.Contains(argument, "private"):
		f.Kind, f.Rows = "area", 4
	case strings.Contains(argument, "url"):
		f.Kind = "url"
	case f.Kind == "text":
		f.Kind = "password"
	}
	f.Carried = slices.ContainsFunc(c.Carried, func(p pair) bool { return p.Name == carriedPrefix+f.Name })
	f.Argument = argument
}

// own are the fields of the relay's own settings.
func (c *composer) own() []field {
	var list []field
	add := func(f field) { f.Problem = c.Wrong[f.Name]; list = append(list, f) }
	if c.Type.Polls {
		add(field{Name: form.FieldSchedule, Label: "Schedule", Kind: "text", Value: c.Schedule, Example: c.Type.Schedule, Doc: "How often to poll: such as @every 15m, or five cron fields."})
	}
	add(field{Name: form.FieldMaxSilence, Label: "Silence", Kind: "text", Value: c.MaxSilence, Example: "such as 30d", Doc: "Tell ops when no event has arrived for longer than this."})
	if c.Type.Receives {
		add(field{Name: form.FieldExpires, Label: "Expiry", Kind: "date", Value: c.Expires, Doc: "From this day on the hook URL accepts nothing."})
		path := field{Name: form.FieldPath, Label: "Further path", Kind: "text", Kept: slices.Contains(c.Kept, form.FieldPath), Doc: "Where the hook answers as well, for senders that build the path of a retired connector themselves: /webhookb2/…"}
		c.hide(&path, form.FieldPath)
		add(path)
	}
	return list
}
