package github

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
)

// wants reports whether an event is one that people asked for.
func (g *GitHub) wants(name string, p *payload) bool {
	k, ok := kinds()[name]
	if !ok {
		return false
	}
	full := name + "." + p.Action
	listed := connector.Matches(g.Events, name) || connector.Matches(g.Events, full)
	if len(g.Events) == 0 {
		listed = len(k.actions) == 0 || slices.Contains(k.actions, p.Action)
	}
	if !listed || connector.Matches(g.Exclude, name) || connector.Matches(g.Exclude, full) {
		return false
	}
	actor := p.Sender.Login
	if len(g.Actors) > 0 && !connector.Matches(g.Actors, actor) || !k.robots && connector.Matches(g.ExcludeActors, actor) {
		return false
	}
	if b := p.branch(name); len(g.Branches) > 0 && b != "" && !connector.Matches(g.Branches, b) {
		return false
	}
	labels, labelled := p.labels()
	return len(g.Labels) == 0 || !labelled || slices.ContainsFunc(labels, func(l named) bool { return connector.Matches(g.Labels, l.Name) })
}

// branch is the one that an event is about; empty when it is about none.
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
