package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/chat"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/plan"
	"github.com/connector-relay/relay/relay/reference"
	"github.com/connector-relay/relay/relay/route"
	"github.com/connector-relay/relay/relay/route/language"
)

func (a *app) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "docs [TYPE|channels|functions|card]",
		Short: "Describe a connector type's arguments and events",
		Long: `Say what a connector type takes, which kinds of events it has, and what routes see in
them, as the plugin itself describes it. The name of a chat system, or "channels" for all of
them, says what a channel of that type takes, its rate and its limits. "functions" lists the
functions of relay.hcl, "card" the blocks in which a route changes a card. Without a name the
connector types are listed. No relay needs to run.`,
		Example: "  relay docs rss\n  relay docs functions",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: complete(func(*cobra.Command) []string {
			names := append(append(typeNames(), systems.All().Names()...), "channels", "functions", "card")
			slices.Sort(names)
			return slices.Compact(names)
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return a.docsTypes(cmd)
			case args[0] == "channels":
				return a.docsChannels(systems.All()...)
			case args[0] == "functions":
				return a.docsFunctions()
			case args[0] == "card":
				return a.docsCard()
			}
			if s, ok := systems.All().Find(args[0]); ok && !slices.Contains(typeNames(), s.Name) {
				return a.docsChannels(s)
			}
			types, err := plan.Types(cmd.Context(), a.config, args[0], version())
			if err != nil {
				return err
			}
			t, ok := types[args[0]]
			if !ok {
				names := append(slices.Sorted(maps.Keys(types)), systems.All().Names()...)
				return fmt.Errorf("there is no connector or channel type %q.%s", args[0], language.DidYouMean(args[0], names))
			}
			if a.json {
				return a.showJSON([]reference.Type{reference.Describe(t)})
			}
			return a.printType(reference.Describe(t))
		},
	}
}

func (a *app) docsTypes(cmd *cobra.Command) error {
	types, err := plan.Types(cmd.Context(), a.config, "", version())
	if err != nil {
		return err
	}
	var list []reference.Type
	for _, name := range slices.Sorted(maps.Keys(types)) {
		list = append(list, reference.Describe(types[name]))
	}
	return show(a, list, "TYPE TITLE SUMMARY", func(t reference.Type) []string { return []string{t.Type, t.Title, t.Summary} })
}

// longestSample is how much of a sample's text is shown.
const longestSample = 60

func (a *app) printType(t reference.Type) error {
	fmt.Fprintf(a.out, "%s: %s\n%s\n\nconnector %q \"NAME\"\n", t.Title, t.Summary, t.Modes(), t.Type)
	err := show(a, t.Arguments, "", func(arg reference.Argument) []string { return []string{"  " + arg.Name, arg.Holds(), arg.Doc} })
	if err != nil {
		return err
	}
	for _, k := range t.Kinds {
		fmt.Fprintf(a.out, "\nevent.kind == %q\n  %s\n", k.Kind, k.Doc)
		members := k.Members()
		if len(members) == 0 {
			fmt.Fprintln(a.out, "  event.data is what the sender posts; `relay explain EVENT --json` shows it.")
			continue
		}
		err := show(a, members, "", func(m reference.Member) []string { return []string{"  " + m.Path, short(m.Value, longestSample)} })
		if err != nil {
			return err
		}
	}
	return nil
}

// docsChannels says what channels of these chat systems take, and where the figures come
// from.
func (a *app) docsChannels(systems ...chat.System) error {
	var list []reference.ChannelType
	for _, s := range systems {
		list = append(list, reference.DescribeChannel(s))
	}
	if a.json {
		return a.showJSON(list)
	}
	for _, t := range list {
		fmt.Fprintf(a.out, "%s\n\nchannel \"NAME\" with type = %q\n", t.Summary, t.Type)
		if err := show(a, t.Settings, "", func(s reference.Argument) []string { return []string{"  " + s.Name, s.Holds(), s.Doc} }); err != nil {
			return err
		}
		if t.Rate > 0 {
			fmt.Fprintf(a.out, "\nRate unless the channel says otherwise: %g a second, %d at once.\n  %s\n", t.Rate, t.Burst, t.RateSource)
		}
		if len(t.Limits) > 0 {
			fmt.Fprintln(a.out, "\nA card has at most:")
		}
		err := show(a, t.Limits, "", func(l reference.Limit) []string {
			return []string{"  " + l.Payload, fmt.Sprint(l.Most, " ", l.Unit), l.Source}
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out)
	}
	return nil
}

func (a *app) docsFunctions() error {
	return show(a, reference.Functions(), "FUNCTION DOC", func(f reference.Function) []string {
		return []string{f.Name + "(" + strings.Join(f.Parameters, ", ") + ")", f.Doc}
	})
}

func (a *app) docsCard() error {
	list := route.Blocks()
	if a.json {
		return a.showJSON(list)
	}
	for _, b := range list {
		head := []string{b.Name}
		for _, label := range b.Labels {
			head = append(head, strconv.Quote(label))
		}
		fmt.Fprintln(a.out, strings.Join(head, " "))
		err := show(a, slices.Sorted(maps.Keys(b.Attributes)), "", func(name string) []string { return []string{"  " + name, b.Attributes[name]} })
		if err != nil {
			return err
		}
		if len(b.Blocks) > 0 {
			fmt.Fprintln(a.out, "  and the blocks "+strings.Join(b.Blocks, ", "))
		}
		fmt.Fprintln(a.out)
	}
	return nil
}
