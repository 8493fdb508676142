package github

import (
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/event"
)

// kind is one sort of event. Its name is the webhook's.
type kind struct {
	doc string
	// actions are those shown unless the configuration says otherwise; none means
	// all, and hidden none at all.
	actions []string
	// robots says that events of robots are shown, too: they are what robots are for.
	robots bool
	// draw makes the card; false when there is nothing to show.
	draw func(p *payload) (drawing, bool)
}

// drawing is what differs between the cards of the kinds.
type drawing struct {
	// title is who did what, and is Markdown like text.
	title, text string
	link, label string
	color       string
	facts       []card.Fact
}

// hidden is an action that no event has.
const hidden = "(none)"

// The colours of cards, after GitHub's own for the same states.
const (
	green  = "2DA44E"
	purple = "8250DF"
	red    = "CF222E"
	amber  = "BF8700"
	blue   = "0969DA"
	grey   = "6E7781"
)

// kinds are all that a card can be made of.
func kinds() map[string]kind {
	return map[string]kind{
		"push":         {doc: "Commits were pushed to a branch, or a tag was moved.", draw: drawPush},
		"create":       {doc: "A branch or a tag was made.", draw: drawCreate},
		"delete":       {doc: "A branch or a tag was deleted.", draw: drawDelete},
		"pull_request": {doc: "A pull request was opened, merged, closed, reopened or made ready.", actions: []string{"opened", "closed", "reopened", "ready_for_review"}, draw: drawPullRequest},
		"pull_request_review": {
			doc: "A pull request was approved, commented on or sent back.", actions: []string{"submitted", "created", "dismissed"}, draw: drawReview,
		},
		"pull_request_review_comment": {doc: "A line of a pull request was commented on.", actions: []string{"created"}, draw: drawComment},
		"issues":                      {doc: "An issue was opened, closed, reopened or transferred.", actions: []string{"opened", "closed", "reopened", "transferred"}, draw: drawIssue},
		"issue_comment":               {doc: "An issue or pull request was commented on.", actions: []string{"created"}, draw: drawComment},
		"commit_comment":              {doc: "A commit was commented on.", actions: []string{"created"}, draw: drawComment},
		"release":                     {doc: "A release was published.", actions: []string{"published"}, robots: true, draw: drawRelease},
		"discussion":                  {doc: "A discussion was started, answered or closed.", actions: []string{"created", "answered", "closed"}, draw: drawDiscussion},
		"discussion_comment":          {doc: "A discussion was commented on.", actions: []string{"created"}, draw: drawComment},
		"deployment":                  {doc: "A deployment was asked for; off by default, as its states tell more.", actions: []string{hidden}, robots: true, draw: drawDeployment},
		"deployment_status":           {doc: "A deployment succeeded, failed or waits.", robots: true, draw: drawDeploymentStatus},
		"workflow_run":                {doc: "A run of a workflow ended.", actions: []string{"completed"}, robots: true, draw: drawWorkflowRun},
		"check_run":                   {doc: "A check ended; off by default, as workflow runs tell more.", actions: []string{hidden}, robots: true, draw: drawCheck},
		"check_suite":                 {doc: "A suite of checks ended; off by default.", actions: []string{hidden}, robots: true, draw: drawCheck},
		"fork":                        {doc: "The repository was forked.", draw: drawFork},
		"star":                        {doc: "Somebody starred the repository.", actions: []string{"created", "started"}, draw: drawStar},
		"gollum":                      {doc: "Pages of the wiki were written.", draw: drawWiki},
		"package":                     {doc: "A package was published.", actions: []string{"published", "updated"}, robots: true, draw: drawPackage},
		"registry_package":            {doc: "A package was published; off by default, as it comes as package, too.", actions: []string{hidden}, robots: true, draw: drawPackage},
		"repository":                  {doc: "The repository was made, renamed, archived, transferred or deleted, or its visibility changed.", actions: []string{"created", "renamed", "archived", "unarchived", "transferred", "deleted", "publicized", "privatized"}, draw: drawRepository},
		"public":                      {doc: "The repository was made public.", draw: drawRepository},
		"member":                      {doc: "Somebody joined or left the repository.", actions: []string{"added", "removed"}, draw: drawMember},
		"organization":                {doc: "Somebody joined or left the organisation.", actions: []string{"member_added", "member_removed"}, draw: drawMember},
		"team":                        {doc: "A team of the organisation was made, deleted or edited.", actions: []string{"created", "deleted", "edited"}, draw: drawTeam},
		"team_add":                    {doc: "A team got access to the repository.", draw: drawTeam},
		"membership":                  {doc: "Somebody joined or left a team; off by default.", actions: []string{hidden}, draw: drawMember},
		"milestone":                   {doc: "A milestone was made, closed or opened again.", actions: []string{"created", "closed", "opened"}, draw: drawMilestone},
		"label":                       {doc: "A label was made, edited or deleted; off by default.", actions: []string{hidden}, draw: drawLabel},
		"sponsorship":                 {doc: "Somebody began, changed or ended a sponsorship.", actions: []string{"created", "cancelled", "tier_changed", "pending_cancellation", "pending_tier_change"}, draw: drawSponsorship},
		"status":                      {doc: "A service gave a commit a status; off by default, as there is one for each step.", actions: []string{hidden}, robots: true, draw: drawStatus},
		"page_build":                  {doc: "GitHub Pages was built; off by default.", actions: []string{hidden}, robots: true, draw: drawPageBuild},
		"dependabot_alert":            {doc: "A dependency has a known weakness.", actions: []string{"created", "reintroduced", "fixed"}, robots: true, draw: drawAlert},
		"code_scanning_alert":         {doc: "Code scanning found something.", actions: []string{"created", "reopened", "reopened_by_user", "fixed"}, robots: true, draw: drawAlert},
		"secret_scanning_alert":       {doc: "A secret was found in the repository.", actions: []string{"created", "reopened", "resolved"}, robots: true, draw: drawAlert},
		"repository_vulnerability_alert": {
			doc: "A dependency has a known weakness, in the older form.", actions: []string{"create", "resolve"}, robots: true, draw: drawAlert,
		},
		"security_advisory": {doc: "A security advisory was published.", actions: []string{"published"}, robots: true, draw: drawAdvisory},
	}
}

// describedKinds are the kinds in the order of their names, with samples that the
// same code draws.
func describedKinds() []connector.Kind {
	var list []connector.Kind
	for _, name := range sortedKinds() {
		p := samplePayload(name)
		g := &GitHub{}
		e, ok := g.event(name, p, "sample", sampleTime())
		if !ok {
			e = event.Event{Card: card.Card{Title: name}}
		}
		list = append(list, connector.Kind{Name: name, Doc: kinds()[name].doc, Sample: e})
	}
	return list
}
