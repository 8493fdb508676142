package github

import (
	"path"
	"slices"
	"strings"
)

// wants reports whether an event is one that people asked for.
func (g *GitHub) wants(name string, p *payload) bool {
	k, ok := kinds()[name]
	if !ok {
		return false
	}
	full := name + "." + p.Action
	listed := matchAny(g.Events, name) || matchAny(g.Events, full)
	if len(g.Events) == 0 {
		listed = len(k.actions) == 0 || slices.Contains(k.actions, p.Action)
	}
	if !listed || matchAny(g.Exclude, name) || matchAny(g.Exclude, full) {
		return false
	}
	actor := p.Sender.Login
	if len(g.Actors) > 0 && !matchAny(g.Actors, actor) || !k.robots && matchAny(g.ExcludeActors, actor) {
		return false
	}
	if b := p.branch(name); len(g.Branches) > 0 && b != "" && !matchAny(g.Branches, b) {
		return false
	}
	labels, labelled := p.labels()
	return len(g.Labels) == 0 || !labelled || slices.ContainsFunc(labels, func(l named) bool { return matchAny(g.Labels, l.Name) })
}

// branch is the one that an event is about; empty when it is about none.
func (p *payload) branch(name string) string {
	switch {
	case name == "push":
		return strings.TrimPrefix(p.Ref, "refs/heads/")
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

// matchAny reports whether a text is like any of the patterns; capitals do not
// count, as in logins. The patterns were checked, so an error is impossible.
func matchAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(strings.ToLower(strings.ReplaceAll(p, "/", "\x00")), strings.ToLower(strings.ReplaceAll(text, "/", "\x00")))
		return ok
	})
}

func isPattern(p string) bool {
	_, err := path.Match(p, "")
	return err == nil
}

// matchesAnyKind reports whether a pattern is like a kind, or begins with one.
func matchesAnyKind(pattern string) bool {
	name, _, _ := strings.Cut(pattern, ".")
	for kind := range kinds() {
		if matchAny([]string{name}, kind) {
			return true
		}
	}
	return false
}
