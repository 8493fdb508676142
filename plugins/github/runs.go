package github

import (
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
)

// outcome is how a run ended, in a word, with its colour.
func outcome(conclusion string) (word, color string) {
	switch conclusion {
	case "success":
		return "succeeded", green
	case "failure", "error":
		return "failed", red
	case "timed_out":
		return "timed out", red
	case "startup_failure":
		return "could not start", red
	case "cancelled", "skipped", "stale", "neutral":
		return "was " + words(conclusion), grey
	case "action_required":
		return "waits for somebody", amber
	case "":
		return "runs", blue
	}
	return words(conclusion), grey
}

func drawWorkflowRun(p *payload) (drawing, bool) {
	r := p.WorkflowRun
	if r == nil {
		return drawing{}, false
	}
	name := r.Name
	if p.Workflow != nil && p.Workflow.Name != "" {
		name = p.Workflow.Name
	}
	word, color := outcome(r.Conclusion)
	if p.Action == "requested" || p.Action == "in_progress" {
		word, color = "was started", blue
	}
	d := drawing{
		title: fmt.Sprintf("%s \\#%d %s", card.Line(name, maxTitle), r.Number, word), color: color, link: r.HTMLURL, label: "Open run",
		facts: plainFact("Branch", r.HeadBranch),
	}
	d.facts = append(d.facts, plainFact("Started by", words(r.Event))...)
	d.facts = append(d.facts, took(r)...)
	d.facts = append(d.facts, p.commitFact(r.HeadSHA, r.Head.Message)...)
	return d, true
}

// took is how long a run took.
func took(r *run) []card.Fact {
	started, err1 := time.Parse(time.RFC3339, r.Started)
	ended, err2 := time.Parse(time.RFC3339, r.Updated)
	if err1 != nil || err2 != nil || !ended.After(started) {
		return nil
	}
	return fact("Took", ended.Sub(started).Round(time.Second).String())
}

// drawCheck is for a check and a suite of checks.
func drawCheck(p *payload) (drawing, bool) {
	r, what := p.CheckRun, "Check"
	if r == nil {
		r, what = p.CheckSuite, "Checks"
	}
	if r == nil {
		return drawing{}, false
	}
	word, color := outcome(r.Conclusion)
	name, branch := r.Name, r.HeadBranch
	if name == "" {
		name = r.App.Name
	}
	if r.Suite != nil {
		branch = r.Suite.HeadBranch
	}
	return drawing{
		title: fmt.Sprintf("%s %s %s", what, card.Line(name, maxTitle), word), text: card.Line(r.Output.Title, maxText), color: color,
		link: r.HTMLURL, label: "Open check", facts: append(plainFact("Branch", branch), p.commitFact(r.HeadSHA, r.Head.Message)...),
	}, true
}

// drawStatus is for the status that a service gives a commit.
func drawStatus(p *payload) (drawing, bool) {
	word, color := outcome(p.State)
	if p.State == "pending" {
		word, color = "runs", blue
	}
	d := drawing{
		title: strings.Join(strings.Fields(fmt.Sprintf("Status %s %s", card.Line(p.Context, maxTitle), word)), " "), text: card.Line(p.Description, maxText), color: color,
		link: p.TargetURL, label: "Open status", facts: p.commitFact(p.SHA, p.Commit.Commit.Message),
	}
	if card.Web(d.link) == "" {
		d.link, d.label = p.Commit.HTMLURL, "Open commit"
	}
	var names []string
	for _, b := range p.Branches {
		names = append(names, b.Name)
	}
	d.facts = append(plainFact("Branch", strings.Join(names, ", ")), d.facts...)
	return d, p.State != ""
}

// drawPageBuild is for a build of GitHub Pages.
func drawPageBuild(p *payload) (drawing, bool) {
	b := p.Build
	if b == nil {
		return drawing{}, false
	}
	d := drawing{title: "GitHub Pages: the build is " + words(b.Status), color: blue, link: p.Repository.HTMLURL, label: "Open repository"}
	switch b.Status {
	case "built":
		d.title, d.color = "GitHub Pages was built", green
	case "errored":
		d.title, d.color, d.text = "The build of GitHub Pages failed", red, card.Line(b.Error.Message, maxText)
	}
	d.facts = append(plainFact("Pushed by", b.Pusher.Login), p.commitFact(b.Commit, "")...)
	return d, true
}

func drawDeployment(p *payload) (drawing, bool) {
	if p.Deployment == nil {
		return drawing{}, false
	}
	return drawing{
		title: fmt.Sprintf("%s asked for a deployment to %s", p.who(), card.Line(p.Deployment.Environment, maxFact)), color: blue,
		text: card.Line(p.Deployment.Description, maxText), link: deploymentsOf(p), label: "Open deployments", facts: plainFact("From", p.Deployment.Ref),
	}, true
}

func deploymentsOf(p *payload) string {
	if p.Repository.HTMLURL == "" {
		return ""
	}
	return p.Repository.HTMLURL + "/deployments"
}

func drawDeploymentStatus(p *payload) (drawing, bool) {
	s := p.Status
	if s == nil {
		return drawing{}, false
	}
	word, color := outcome(s.State)
	switch s.State {
	case "pending", "queued", "in_progress", "inactive":
		return drawing{}, false // what comes of it tells more
	case "waiting":
		word, color = "waits for somebody", amber
	}
	where := s.Environment
	if where == "" && p.Deployment != nil {
		where = p.Deployment.Environment
	}
	d := drawing{title: fmt.Sprintf("The deployment to %s %s", card.Line(where, maxFact), word), text: card.Line(s.Description, maxText), color: color, label: "Open deployment"}
	for _, d.link = range []string{s.TargetURL, s.LogURL, deploymentsOf(p)} {
		if card.Web(d.link) != "" {
			break
		}
	}
	if p.Deployment != nil {
		d.facts = plainFact("From", p.Deployment.Ref)
	}
	return d, true
}
