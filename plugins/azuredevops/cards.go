package azuredevops

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/card/prose"
	"github.com/connector-relay/relay/relay/event"
)

// The lengths of texts in a card, in characters.
const (
	maxTitle   = 150
	maxText    = 400
	maxCommits = 5
)

// newEvent completes an event with its card, its thread and its data.
func (a *AzureDevOps) newEvent(k kind, r *resource, key string, at time.Time) event.Event {
	r.code = a.code(r)
	h, vague := k.Own.draw(k, r)
	if vague {
		// A service hook that sends minimal details has nothing but its own words.
		said, _, _ := strings.Cut(strings.TrimSpace(r.sentence), "\n")
		h.Title = cmp.Or(card.Line(said, maxTitle), inWords(k))
	}
	h.Who, h.Where = card.Line(r.actor().Name, maxTitle), card.Line(a.Project, maxTitle)
	if repo := r.repository().Name; repo != "" {
		h.Where += " / " + card.Line(repo, maxTitle)
	}
	h.Address, h.Button = cmp.Or(card.Web(r.Links.Web.Href), card.Web(h.Address), a.page(k, r)), cmp.Or(h.Button, "Open")
	return event.Event{Key: key, Kind: k.Name, Thread: thread(k, r), Time: at, Card: h.Card(), Data: a.data(k, r)}
}

// page returns the page of what an event is about, built as Azure DevOps builds its own
// addresses.
func (a *AzureDevOps) page(k kind, r *resource) string {
	project, code := a.project(), r.code
	switch {
	case strings.HasPrefix(k.Name, "work_item") && r.workItem() != 0:
		return fmt.Sprintf("%s/_workitems/edit/%d", project, r.workItem())
	case strings.HasPrefix(k.Name, "pull_request") && code != "" && r.pull().PullRequestID != 0:
		return fmt.Sprintf("%s/pullrequest/%d", code, r.pull().PullRequestID)
	case k.Name == "push" && code != "" && r.PushID != 0:
		return fmt.Sprintf("%s/pushes/%d", code, r.PushID)
	case k.Name == "build_completed" && r.ID != 0:
		return fmt.Sprintf("%s/_build/results?buildId=%d", project, r.ID)
	case k.Name == "checkin" && r.ChangesetID != 0:
		return fmt.Sprintf("%s/_versionControl/changeset/%d", project, r.ChangesetID)
	case k.Name == "repository_deleted":
		return project
	case r.Release != nil && r.Release.ID != 0:
		return cmp.Or(card.Web(r.Release.Links.Web.Href), fmt.Sprintf("%s/_release?releaseId=%d", project, r.Release.ID))
	case r.Run != nil && card.Web(r.Run.Links.Web.Href) != "":
		return r.Run.Links.Web.Href
	case code != "":
		return code
	}
	return project
}

// project returns the project's page.
func (a *AzureDevOps) project() string {
	return strings.TrimSuffix(a.URL, "/") + "/" + url.PathEscape(a.Project)
}

// code returns the page of the repository that an event is about; it is empty when there
// is none. Some addresses of repositories contain the user who asked.
func (a *AzureDevOps) code(r *resource) string {
	repo := r.repository()
	for _, address := range []string{repo.Web, repo.Remote} {
		if u, err := url.Parse(card.Web(address)); err == nil && u.Host != "" {
			u.User = nil
			return strings.TrimSuffix(u.String(), "/")
		}
	}
	if repo.Name == "" {
		return ""
	}
	return a.project() + "/_git/" + url.PathEscape(repo.Name)
}

// commit links to a commit.
func (r *resource) commit(id string) string {
	short := id[:min(len(id), 8)]
	if r.code == "" {
		return card.Line(short, maxTitle)
	}
	return card.Link(short, r.code+"/commit/"+url.PathEscape(id))
}

func (r *resource) who() string { return cmp.Or(card.Line(r.actor().Name, maxTitle), "Somebody") }

func drawPush(k kind, r *resource) (h card.Happening, vague bool) {
	where := ""
	if name := r.repository().Name; name != "" {
		where = " in " + card.Line(name, maxTitle)
	}
	what := "to " + card.Line(r.branch(), maxTitle) + where
	if n := len(r.Commits); n > 0 {
		what = card.Plural(n, "commit") + " " + what
	}
	h = card.Happening{Title: r.who() + " pushed " + what, Color: k.Own.color, Button: "Open push"}
	if len(r.RefUpdates) > 0 {
		u := r.RefUpdates[0]
		noun := "branch"
		if strings.HasPrefix(u.Name, "refs/tags/") {
			noun = "tag"
		}
		switch {
		case u.Old != "" && strings.Trim(u.Old, "0") == "":
			h.Title = fmt.Sprintf("%s created %s %s%s", r.who(), noun, card.Line(short(u.Name), maxTitle), where)
		case u.Forced:
			h.Title, h.Color = r.who()+" force-pushed "+what, amber
		case u.New != "" && strings.Trim(u.New, "0") == "":
			h.Title, h.Color = fmt.Sprintf("%s deleted %s %s%s", r.who(), noun, card.Line(short(u.Name), maxTitle), where), grey
		}
	}
	var lines []string
	for _, c := range r.Commits[:min(len(r.Commits), maxCommits)] { // newest first
		subject, _, _ := strings.Cut(strings.TrimSpace(c.Comment), "\n")
		entry := r.commit(c.ID) + " " + card.Line(subject, maxTitle)
		if c.Author.Name != "" {
			entry += " – " + card.Line(c.Author.Name, maxTitle)
		}
		lines = append(lines, entry)
	}
	if left := len(r.Commits) - len(lines); left > 0 {
		lines = append(lines, fmt.Sprintf("… and %s before", card.Plural(left, "commit")))
	}
	h.Text = strings.Join(lines, "\n\n")
	if len(r.Commits) > maxCommits {
		var names []string
		for _, c := range r.Commits {
			names = append(names, c.Author.Name)
		}
		h.Facts = fact("By", card.Counted(names))
	}
	return h, r.branch() == ""
}

func drawPull(k kind, r *resource) (h card.Happening, vague bool) {
	p := r.pull()
	what := titled(fmt.Sprintf("pull request %d", p.PullRequestID), p.Title)
	verb, color := r.did(k)
	h = card.Happening{Title: r.who() + " " + verb + " " + what, Color: color, Button: "Open pull request"}
	switch k.Name {
	case "pull_request_commented":
		if r.Comment != nil {
			h.Text = prose.Markdown(r.Comment.Content, maxText)
		}
	case "pull_request_created":
		h.Text = prose.Markdown(p.Description, maxText)
	case "pull_request_merged":
		h.Title, h.Color = r.mergeOutcome()
		h.Text = card.Line(p.MergeFailure, maxText)
	case "pull_request_voted", "pull_request_completed":
		h.Facts = r.votes()
	case "pull_request_pushed":
		if id := p.SourceCommit.ID; id != "" {
			h.Facts = []card.Fact{{Name: "Commit", Value: r.commit(id)}}
		}
	}
	if p.Source != "" && p.Target != "" {
		h.Facts = append(fact("Branch", short(p.Source)+" → "+short(p.Target)), h.Facts...)
	}
	return h, p.PullRequestID == 0
}

func drawRepository(k kind, r *resource) (h card.Happening, vague bool) {
	name := cmp.Or(r.repository().Name, r.Name)
	h, vague = card.Happening{Color: k.Own.color, Button: "Open repository"}, name == ""
	verb, more := k.Own.verb, ""
	switch {
	case k.Name == "repository_status_changed" && r.Disabled:
		verb = "disabled"
	case k.Name == "repository_renamed" && r.OldName != "":
		more, name = " to "+card.Line(name, maxTitle), r.OldName
	}
	h.Title = fmt.Sprintf("%s %s repository %s%s", r.who(), verb, card.Line(name, maxTitle), more)
	return h, vague
}

func drawCheckin(k kind, r *resource) (h card.Happening, vague bool) {
	text := ""
	if r.Comment != nil {
		text = card.Excerpt(r.Comment.Content, maxText)
	}
	return card.Happening{Title: fmt.Sprintf("%s checked in changeset %d", r.who(), r.ChangesetID), Text: text, Color: k.Own.color, Button: "Open changeset"}, r.ChangesetID == 0
}

// outcome says in a word how something ended, with the colour for it.
func outcome(result string) (word, color string) {
	switch strings.ToLower(result) {
	case "succeeded", "approved":
		return strings.ToLower(result), green
	case "partiallysucceeded", "succeededwithissues":
		return "succeeded in part", amber
	case "failed":
		return "failed", red
	case "rejected":
		return "was rejected", red
	case "canceled", "cancelled", "stopped":
		return "was stopped", grey
	case "inprogress":
		return "began", blue
	}
	return card.Line(result, maxTitle), grey
}

func drawBuild(_ kind, r *resource) (h card.Happening, vague bool) {
	word, color := outcome(cmp.Or(r.Result, r.Status))
	h = card.Happening{Title: fmt.Sprintf("%s %s %s", card.Line(cmp.Or(r.Definition.Name, "Build"), maxTitle), card.Line(r.BuildNumber, maxTitle), word), Color: color, Button: "Open build"}
	h.Facts = append(fact("Branch", short(r.Branch)), fact("Requested by", r.RequestedFor.Name)...)
	if start, end := when(r.Started), when(r.Finished); end.After(start) && !start.IsZero() {
		h.Facts = append(h.Facts, fact("Took", end.Sub(start).Round(time.Second).String())...)
	}
	return h, r.BuildNumber == "" || word == ""
}

func (r *resource) releaseName() string {
	if r.Release != nil {
		return cmp.Or(r.Release.Name, r.Name)
	}
	return r.Name
}

func drawRelease(k kind, r *resource) (h card.Happening, vague bool) {
	h = card.Happening{Title: fmt.Sprintf("%s %s release %s", r.who(), k.Own.verb, card.Line(r.releaseName(), maxTitle)), Color: k.Own.color, Button: "Open release", Facts: fact("Pipeline", r.pipeline())}
	if r.Release != nil {
		h.Text = card.Excerpt(r.Release.Description, maxText)
	}
	return h, r.releaseName() == ""
}

// env returns the environment of a deployment.
func (r *resource) env() environment {
	switch {
	case r.Environment != nil:
		return *r.Environment
	case r.RESTEnvironment != nil:
		return *r.RESTEnvironment
	}
	return environment{}
}

func drawDeployment(k kind, r *resource) (h card.Happening, vague bool) {
	word, color := outcome(cmp.Or(r.DeploymentStatus, r.env().Status))
	if k.Name == "deployment_started" {
		word, color = "began", blue
	}
	h = card.Happening{Color: color, Button: "Open release", Facts: fact("Pipeline", r.pipeline())}
	h.Title = fmt.Sprintf("The deployment of %s to %s %s", card.Line(r.releaseName(), maxTitle), card.Line(r.env().Name, maxTitle), word)
	return h, r.releaseName() == "" || r.env().Name == "" || word == ""
}

func drawApproval(k kind, r *resource) (h card.Happening, vague bool) {
	thing, joined, of := r.releaseName(), " to ", r.env().Name
	if strings.HasPrefix(k.Name, "stage") {
		thing, joined, of = r.StageName, " of ", r.pipeline()
		if r.Stage != nil {
			thing = cmp.Or(r.Stage.Display, r.Stage.Name)
		}
	}
	what := card.Line(thing, maxTitle) + joined + card.Line(of, maxTitle)
	h = card.Happening{Title: what + " " + k.Own.verb, Color: k.Own.color, Button: "Open"}
	if k.Own.verb != "" && r.Approval != nil {
		h.Facts = fact("Waits for", r.Approval.Approver.Name)
	}
	if k.Own.verb == "" {
		status := ""
		if r.Approval != nil {
			status, h.Text = r.Approval.Status, card.Excerpt(r.Approval.Comments, maxText)
		}
		word, color := outcome(cmp.Or(status, r.Status))
		h.Title, h.Color = what+" was "+strings.TrimPrefix(word, "was "), color
	}
	return h, thing == "" || of == ""
}

// running returns the run, stage or job that an event is about.
func (r *resource) running() *run {
	for _, one := range []*run{r.Job, r.Stage, r.Run} {
		if one != nil {
			return one
		}
	}
	return nil
}

func drawRun(k kind, r *resource) (h card.Happening, vague bool) {
	one := r.running()
	if one == nil {
		one = &run{}
	}
	word, color := outcome(cmp.Or(one.Result, one.State))
	name := card.Line(r.pipeline(), maxTitle)
	if r.Run != nil {
		name += " " + card.Line(r.Run.Name, maxTitle)
	}
	if one != r.Run {
		name += ": " + card.Line(cmp.Or(one.Display, one.Name), maxTitle)
	}
	return card.Happening{Title: strings.TrimSpace(name) + " " + word, Color: color, Button: "Open run"}, name == "" || word == ""
}

// assignedTo is the field that names the assignee.
const assignedTo = "System.AssignedTo"

// watched returns the fields of a work item whose changes are worth a card.
func watched() []struct{ field, name string } {
	return []struct{ field, name string }{
		{"System.State", "State"},
		{assignedTo, "Assigned to"},
		{"System.Title", "Title"},
		{"Microsoft.VSTS.Common.Priority", "Priority"},
		{"Microsoft.VSTS.Common.Severity", "Severity"},
		{"System.IterationPath", "Iteration"},
	}
}

// differences returns those changes of a work item that are worth a card.
func differences(r *resource) []card.Fact {
	var list []card.Fact
	for _, w := range watched() {
		f, ok := r.Fields[w.field]
		if before, now := text(f.old), text(f.now); ok && before != now && (f.old != nil || w.field == assignedTo) {
			if w.field == assignedTo {
				list = append(list, card.Fact{Name: w.name, Value: cmp.Or(mention(f.old), "nobody") + " → " + cmp.Or(mention(f.now), "nobody")})
				continue
			}
			list = append(list, fact(w.name, cmp.Or(before, "nobody")+" → "+cmp.Or(now, "nobody"))...)
		}
	}
	return list
}

func drawWorkItem(k kind, r *resource) (h card.Happening, vague bool) {
	id := r.workItem()
	what := titled(fmt.Sprintf("%s %d", card.Line(cmp.Or(r.field("System.WorkItemType"), "Work item"), maxTitle), id), r.field("System.Title"))
	h = card.Happening{Title: fmt.Sprintf("%s %s %s", r.who(), k.Own.verb, what), Color: k.Own.color, Button: "Open work item"}
	switch k.Name {
	case "work_item_updated":
		h.Facts = differences(r)
		if f := r.Fields["System.State"]; f.old != nil && text(f.old) != text(f.now) {
			h.Title = fmt.Sprintf("%s moved from %s to %s", what, card.Line(text(f.old), maxTitle), card.Line(text(f.now), maxTitle))
			h.Facts = h.Facts[1:]
		}
		h.Text = card.Excerpt(card.FromHTML(r.field("System.History")), maxText)
	case "work_item_commented":
		h.Text = card.Excerpt(card.FromHTML(r.field("System.History")), maxText)
	case "work_item_created":
		h.Text = card.Excerpt(card.FromHTML(r.field("System.Description")), maxText)
		h.Facts = fact("State", r.field("System.State"))
		if who := mention(r.value(assignedTo)); who != "" {
			h.Facts = append(h.Facts, card.Fact{Name: "Assigned to", Value: who})
		}
	}
	return h, id == 0
}

// titled returns what something is called, with its title if that is known.
func titled(what, title string) string {
	if title = card.Line(title, maxTitle); title == "" {
		return what
	}
	return what + ": " + title
}

func fact(name, value string) []card.Fact {
	if value = card.Line(value, maxTitle); value == "" {
		return nil
	}
	return []card.Fact{{Name: name, Value: value}}
}

// data returns what routes may test.
func (a *AzureDevOps) data(k kind, r *resource) json.RawMessage {
	fields := make(map[string]any)
	for _, name := range []string{"System.WorkItemType", "System.State", "System.Title", "System.AssignedTo", "System.Tags", "System.AreaPath", "System.IterationPath", "Microsoft.VSTS.Common.Priority"} {
		if v := r.field(name); v != "" {
			fields[name] = v
		}
	}
	b, err := json.Marshal(map[string]any{
		"event_type": eventType(k), "project": a.Project, "repository": r.repository().Name, "branch": r.branch(), "pipeline": r.pipeline(),
		"result": cmp.Or(r.Result, r.DeploymentStatus), "status": r.pull().Status, "title": r.pull().Title, "actor": r.actor().Name,
		"environment": r.env().Name, "id": cmp.Or(r.WorkItemID, r.pull().PullRequestID, r.PushID, r.ChangesetID, r.ID), "fields": fields,
	})
	if err != nil {
		return nil // texts and numbers can always be encoded
	}
	return b
}
