package github

import (
	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/event"
)

// look says which of a kind's events are shown and how.
type look struct {
	// actions are those that are shown unless the configuration says otherwise; empty
	// means all.
	actions []string
	// robots says that events caused by bots are shown, too: bots exist to cause them.
	robots bool
	// draw writes the card; it reports false when there is nothing to show.
	draw func(p *payload) (card.Happening, bool)
}

// The colours of cards, after GitHub's own for the same states.
const (
	green  = "2DA44E"
	purple = "8250DF"
	red    = "CF222E"
	amber  = "BF8700"
	blue   = "0969DA"
	grey   = "6E7781"
)

// table lists all kinds that have a card. Their names are those of the webhook's events.
func table() kinds.Table[look] {
	return kinds.Table[look]{
		{Name: "check_run", Doc: "A check finished; workflow runs say more.", Noise: true, Own: look{robots: true, draw: drawCheck}},
		{Name: "check_suite", Doc: "A check suite finished.", Noise: true, Own: look{robots: true, draw: drawCheck}},
		{Name: "code_scanning_alert", Doc: "Code scanning raised, fixed or closed an alert.", Own: look{actions: []string{"created", "reopened", "reopened_by_user", "fixed"}, robots: true, draw: drawAlert}},
		{Name: "commit_comment", Doc: "A commit was commented on.", Own: look{actions: []string{"created"}, draw: drawComment}},
		{Name: "create", Doc: "A branch or a tag was created.", Own: look{draw: drawCreate}},
		{Name: "delete", Doc: "A branch or a tag was deleted.", Own: look{draw: drawDelete}},
		{Name: "dependabot_alert", Doc: "A dependency has a known vulnerability.", Own: look{actions: []string{"created", "reintroduced", "fixed"}, robots: true, draw: drawAlert}},
		{Name: "deployment", Doc: "A deployment was requested; its statuses say more.", Noise: true, Own: look{robots: true, draw: drawDeployment}},
		{Name: "deployment_status", Doc: "A deployment succeeded, failed or is waiting.", Own: look{robots: true, draw: drawDeploymentStatus}},
		{Name: "discussion", Doc: "A discussion was started, answered or closed.", Own: look{actions: []string{"created", "answered", "closed"}, draw: drawDiscussion}},
		{Name: "discussion_comment", Doc: "A discussion was commented on.", Own: look{actions: []string{"created"}, draw: drawComment}},
		{Name: "fork", Doc: "The repository was forked.", Own: look{draw: drawFork}},
		{Name: "gollum", Doc: "Pages of the wiki were created or edited.", Own: look{draw: drawWiki}},
		{Name: "issue_comment", Doc: "An issue or pull request was commented on.", Own: look{actions: []string{"created"}, draw: drawComment}},
		{Name: "issues", Doc: "An issue was opened, closed, reopened or transferred.", Own: look{actions: []string{"opened", "closed", "reopened", "transferred"}, draw: drawIssue}},
		{Name: "label", Doc: "A label was created, edited or deleted.", Noise: true, Own: look{draw: drawLabel}},
		{Name: "member", Doc: "Somebody joined or left the repository.", Own: look{actions: []string{"added", "removed"}, draw: drawMember}},
		{Name: "membership", Doc: "Somebody joined or left a team.", Noise: true, Own: look{draw: drawMember}},
		{Name: "milestone", Doc: "A milestone was created, closed or reopened.", Own: look{actions: []string{"created", "closed", "opened"}, draw: drawMilestone}},
		{Name: "organization", Doc: "Somebody joined or left the organisation.", Own: look{actions: []string{"member_added", "member_removed"}, draw: drawMember}},
		{Name: "package", Doc: "A package was published.", Own: look{actions: []string{"published", "updated"}, robots: true, draw: drawPackage}},
		{Name: "page_build", Doc: "GitHub Pages was built.", Noise: true, Own: look{robots: true, draw: drawPageBuild}},
		{Name: "public", Doc: "The repository was made public.", Own: look{draw: drawRepository}},
		{Name: "pull_request", Doc: "A pull request was opened, merged, closed, reopened or marked ready for review.", Own: look{actions: []string{"opened", "closed", "reopened", "ready_for_review"}, draw: drawPullRequest}},
		{Name: "pull_request_review", Doc: "A pull request was approved, commented on or sent back for changes.", Own: look{actions: []string{"submitted", "created", "dismissed"}, draw: drawReview}},
		{Name: "pull_request_review_comment", Doc: "A line of a pull request was commented on.", Own: look{actions: []string{"created"}, draw: drawComment}},
		{Name: "push", Doc: "Commits were pushed to a branch, or a tag was moved.", Own: look{draw: drawPush}},
		{Name: "registry_package", Doc: "A package was published; GitHub also sends the kind package.", Noise: true, Own: look{robots: true, draw: drawPackage}},
		{Name: "release", Doc: "A release was published.", Own: look{actions: []string{"published"}, robots: true, draw: drawRelease}},
		{Name: "repository", Doc: "The repository was created, renamed, archived, transferred or deleted, or its visibility changed.", Own: look{actions: []string{"created", "renamed", "archived", "unarchived", "transferred", "deleted", "publicized", "privatized"}, draw: drawRepository}},
		{Name: "repository_vulnerability_alert", Doc: "A dependency has a known vulnerability (the older form).", Own: look{actions: []string{"create", "resolve"}, robots: true, draw: drawAlert}},
		{Name: "secret_scanning_alert", Doc: "A secret was found in the repository.", Own: look{actions: []string{"created", "reopened", "resolved"}, robots: true, draw: drawAlert}},
		{Name: "security_advisory", Doc: "A security advisory was published.", Own: look{actions: []string{"published"}, robots: true, draw: drawAdvisory}},
		{Name: "sponsorship", Doc: "Somebody started, changed or ended a sponsorship.", Own: look{actions: []string{"created", "cancelled", "tier_changed", "pending_cancellation", "pending_tier_change"}, draw: drawSponsorship}},
		{Name: "star", Doc: "Somebody starred the repository.", Own: look{actions: []string{"created", "started"}, draw: drawStar}},
		{Name: "status", Doc: "A service set a commit's status; each step sets its own.", Noise: true, Own: look{robots: true, draw: drawStatus}},
		{Name: "team", Doc: "A team of the organisation was created, deleted or edited.", Own: look{actions: []string{"created", "deleted", "edited"}, draw: drawTeam}},
		{Name: "team_add", Doc: "A team was given access to the repository.", Own: look{draw: drawTeam}},
		{Name: "workflow_run", Doc: "A workflow run finished.", Own: look{actions: []string{"completed"}, robots: true, draw: drawWorkflowRun}},
	}
}

// described returns the kinds, with samples that the same code draws.
func described() []connector.Kind {
	return table().Describe(func(k kinds.Kind[look]) event.Event {
		e, ok := (&GitHub{}).event(k.Name, samplePayload(k), "sample", sampleTime())
		if !ok {
			e.Card.Title = k.Name
		}
		return e
	})
}
