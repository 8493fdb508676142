package github

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector/kinds"
)

// wants reports whether the configuration asks for an event.
func (g *GitHub) wants(name string, p *payload) bool {
	k, ok := table().Find(name)
	quiet := k.Noise || len(k.Own.actions) > 0 && !slices.Contains(k.Own.actions, p.Action)
	if choice := (kinds.Choice{Kinds: g.Events, Exclude: g.Exclude}); !ok || !choice.Wants(quiet, name, name+"."+p.Action) {
		return false
	}
	actor := p.Sender.Login
	if len(g.Actors) > 0 && !g.Actors.Match(actor) || !k.Own.robots && g.ExcludeActors.Match(actor) {
		return false
	}
	if b := p.branch(name); len(g.Branches) > 0 && b != "" && !g.Branches.Match(b) {
		return false
	}
	labels, labelled := p.labels()
	return len(g.Labels) == 0 || !labelled || slices.ContainsFunc(labels, func(l named) bool { return g.Labels.Match(l.Name) })
}

// branch returns the branch that an event is about; it is empty when there is none.
func (p *payload) branch(name string) string {
	switch {
	case name == "push":
		return strings.TrimPrefix(p.Ref, "refs/heads/")
	case name == "status" && len(p.Branches) > 0:
		return p.Branches[0].Name
	case (name == "create" || name == "delete") && p.RefType == "branch":
		return p.Ref
	case p.PullRequest != nil:
		return p.PullRequest.Base.Ref
	case p.WorkflowRun != nil:
		return p.WorkflowRun.HeadBranch
	case p.CheckRun != nil && p.CheckRun.Suite != nil:
		return p.CheckRun.Suite.HeadBranch
	case p.CheckSuite != nil:
		return p.CheckSuite.HeadBranch
	}
	return ""
}

func (p *payload) labels() ([]named, bool) {
	switch {
	case p.PullRequest != nil:
		return p.PullRequest.Labels, true
	case p.Issue != nil:
		return p.Issue.Labels, true
	}
	return nil, false
}
