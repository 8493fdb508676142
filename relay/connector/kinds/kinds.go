// Package kinds is for connectors with more than a few kinds of events. A [Table] lists
// them, each in a line with what the connector itself needs to know of it, such as how to
// draw its card; [Choice] holds the arguments by which people choose among them. What a
// connector says about its kinds, checks, looks up and leaves out follows from the two.
//
// A kind that few people want is noise: it is emitted only where a configuration asks for
// it. Keep the table in the order in which people should read it.
package kinds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/spelling"
)

// Table lists the kinds of events of a connector type.
type Table[T any] []Kind[T]

// Kind is one kind of event.
type Kind[T any] struct {
	// Name is what events, conditions of routes and [Choice] call it.
	Name string
	// Doc is one sentence.
	Doc string
	// Noise says that such events are emitted only where a configuration names the kind.
	Noise bool
	// Own is what the connector itself needs to know about the kind.
	Own T
}

// Find returns the kind with a name; it reports false when there is none.
func (t Table[T]) Find(name string) (Kind[T], bool) {
	for _, k := range t {
		if k.Name == name {
			return k, true
		}
	}
	return Kind[T]{}, false
}

// offByDefault ends what a description says of a noisy kind.
const offByDefault = " Off by default."

// IsNoise reports whether a kind, as a connector describes it, is off by default.
func IsNoise(k connector.Kind) bool { return strings.HasSuffix(k.Doc, offByDefault) }

// Describe returns the kinds for a [connector.Description], where the doc of a noisy kind
// says that it is off by default. Make the samples with the code that makes the events,
// so that people see what they will get.
func (t Table[T]) Describe(sample func(Kind[T]) event.Event) []connector.Kind {
	list := make([]connector.Kind, len(t))
	for i, k := range t {
		list[i] = connector.Kind{Name: k.Name, Doc: k.Doc, Sample: sample(k)}
		if k.Noise {
			list[i].Doc += offByDefault
		}
	}
	return list
}

// Check adds to a [connector.Validator]'s problems the patterns of an argument that match no kind.
func (t Table[T]) Check(p *connector.Problems, argument string, patterns ...string) {
	names := make([]string, len(t))
	for i, k := range t {
		names[i] = k.Name
	}
	for _, pattern := range patterns {
		message := "No kind of event matches " + pattern + "."
		if meant := spelling.Nearest(pattern, names); meant != "" {
			message += fmt.Sprintf(" Did you mean %q?", meant)
		}
		p.If(!slices.ContainsFunc(names, connector.Patterns{pattern}.Match), argument, message)
	}
}

// Choice holds the arguments by which people choose kinds. Embed it into the connector's
// struct, in the place where they should stand among its arguments.
type Choice struct {
	Kinds   connector.Patterns `relay:"kinds" doc:"The kinds of events to post, with * as in file names; without any, all but those that are off by default."`
	Exclude connector.Patterns `relay:"exclude" doc:"Kinds not to post."`
}

// Wants reports whether people want an event of a kind. An event may go by several names,
// such as its kind's and one that includes its action: it is wanted if any of them is,
// and left out if any of them is excluded.
func (c Choice) Wants(noise bool, names ...string) bool {
	listed := len(c.Kinds) == 0 && !noise || slices.ContainsFunc(names, c.Kinds.Match)
	return listed && !slices.ContainsFunc(names, c.Exclude.Match)
}
