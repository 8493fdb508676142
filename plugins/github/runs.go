package github

import (
	"fmt"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
)

// outcome says in a word how a run ended, with the colour for it.
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

func drawWorkflowRun(p *payload) (card.Happening, bool) {
	r := p.WorkflowRun
	if r == nil {
		return card.Happening{}, false
	}
	name := r.Name
	if p.Workflow != nil && p.Workflow.Name != "" {
		name = p.Workflow.Name
	}
	word, color := outcome(r.Conclusion)
	if p.Action == "requested" || p.Action == "in_progress" {
		word, color = "was started", blue
	}
	d := card.Happening{
		Title: fmt.Sprintf("%s \\#%d %s", card.Line(name, maxTitle), r.Number, word), Color: color, Address: r.HTMLURL, Button: "Open run",
		Facts: plainFact("Branch", r.HeadBranch),
	}
	d.Facts = append(d.Facts, plainFact("Started by", words(r.Event))...)
	d.Facts = append(d.Facts, took(r)...)
	d.Facts = append(d.Facts, p.commitFact(r.HeadSHA, r.Head.Message)...)
	return d, true
}

// took returns how long a run took.
func took(r *run) []card.Fact {
	started, err1 := time.Parse(time.RFC3339, r.Started)
	ended, err2 := time.Parse(time.RFC3339, r.Updated)
	if err1 != nil || err2 != nil || !ended.After(started) {
		return nil
	}
	return fact("Took", ended.Sub(started).Round(time.Second).String())
}

// drawCheck draws checks and check suites.
func drawCheck(p *payload) (card.Happening, bool) {
	r, what := p.CheckRun, "Check"
	if r == nil {
		r, what = p.CheckSuite, "Checks"
	}
	if r == nil {
		return card.Happening{}, false
	}
	word, color := outcome(r.Conclusion)
	name, branch := r.Name, r.HeadBranch
	if name == "" {
		name = r.App.Name
	}
	if r.Suite != nil {
		branch = r.Suite.HeadBranch
	}
	return card.Happening{
		Title: fmt.Sprintf("%s %s %s", what, card.Line(name, maxTitle), word), Text: card.Line(r.Output.Title, maxText), Color: color,
		Address: r.HTMLURL, Button: "Open check", Facts: append(plainFact("Branch", branch), p.commitFact(r.HeadSHA, r.Head.Message)...),
	}, true
}

// drawStatus draws the status that a service sets on a commit.
func drawStatus(p *payload) (card.Happening, bool) {
	word, color := outcome(p.State)
	if p.State == "pending" {
		word, color = "runs", blue
	}
	d := card.Happening{
		Title: strings.Join(strings.Fields(fmt.Sprintf("Status %s %s", card.Line(p.Context, maxTitle), word)), " "), Text: card.Line(p.Description, maxText), Color: color,
		Address: p.TargetURL, Button: "Open status", Facts: p.commitFact(p.SHA, p.Commit.Commit.Message),
	}
	if card.Web(d.Address) == "" {
		d.Address, d.Button = p.Commit.HTMLURL, "Open commit"
	}
	var names []string
	for _, b := range p.Branches {
		names = append(names, b.Name)
	}
	d.Facts = append(plainFact("Branch", strings.Join(names, ", ")), d.Facts...)
	return d, p.State != ""
}

// drawPageBuild draws a build of GitHub Pages.
func drawPageBuild(p *payload) (card.Happening, bool) {
	b := p.Build
	if b == nil {
		return card.Happening{}, false
	}
	d := card.Happening{Title: "GitHub Pages: the build is " + words(b.Status), Color: blue, Address: p.Repository.HTMLURL, Button: "Open repository"}
	switch b.Status {
	case "built":
		d.Title, d.Color = "GitHub Pages was built", green
	case "errored":
		d.Title, d.Color, d.Text = "The build of GitHub Pages failed", red, card.Line(b.Error.Message, maxText)
	}
	d.Facts = append(plainFact("Pushed by", b.Pusher.Login), p.commitFact(b.Commit, "")...)
	return d, true
}

func drawDeployment(p *payload) (card.Happening, bool) {
	if p.Deployment == nil {
		return card.Happening{}, false
	}
	return card.Happening{
		Title: fmt.Sprintf("%s asked for a deployment to %s", p.who(), card.Line(p.Deployment.Environment, maxFact)), Color: blue,
		Text: card.Line(p.Deployment.Description, maxText), Address: deploymentsOf(p), Button: "Open deployments", Facts: plainFact("From", p.Deployment.Ref),
	}, true
}

func deploymentsOf(p *payload) string {
	if p.Repository.HTMLURL == "" {
		return ""
	}
	return p.Repository.HTMLURL + "/deployments"
}

func drawDeploymentStatus(p *payload) (card.Happening, bool) {
	s := p.Status
	if s == nil {
		return card.Happening{}, false
	}
	word, color := outcome(s.State)
	switch s.State {
	case "pending", "queued", "in_progress", "inactive":
		return card.Happening{}, false // its outcome says more
	case "waiting":
		word, color = "waits for somebody", amber
	}
	where := s.Environment
	if where == "" && p.Deployment != nil {
		where = p.Deployment.Environment
	}
	d := card.Happening{Title: fmt.Sprintf("The deployment to %s %s", card.Line(where, maxFact), word), Text: card.Line(s.Description, maxText), Color: color, Button: "Open deployment"}
	for _, d.Address = range []string{s.TargetURL, s.LogURL, deploymentsOf(p)} {
		if card.Web(d.Address) != "" {
			break
		}
	}
	if p.Deployment != nil {
		d.Facts = plainFact("From", p.Deployment.Ref)
	}
	return d, true
}
