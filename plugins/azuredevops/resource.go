package azuredevops

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/card"
)

// resource is what an event is about. A service hook's resource and the REST APIs'
// answers share their members; the kind decides which are present
// (https://learn.microsoft.com/azure/devops/service-hooks/events).
type resource struct {
	ID    number `json:"id"`
	Links struct {
		Web     href `json:"web"`
		Pulls   href `json:"pullRequests"`
		Threads href `json:"threads"`
	} `json:"_links"`

	// A push.
	PushID     number      `json:"pushId"`
	Commits    []commit    `json:"commits"`
	RefUpdates []refUpdate `json:"refUpdates"`
	Repository *repository `json:"repository"`
	PushedBy   person      `json:"pushedBy"`
	Date       string      `json:"date"`

	// A pull request, or a comment on one.
	PullRequestID number     `json:"pullRequestId"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Status        string     `json:"status"`
	MergeStatus   string     `json:"mergeStatus"`
	MergeFailure  string     `json:"mergeFailureMessage"`
	Reviewers     []reviewer `json:"reviewers"`
	SourceCommit  commit     `json:"lastMergeSourceCommit"`
	Source        string     `json:"sourceRefName"`
	Target        string     `json:"targetRefName"`
	CreatedBy     person     `json:"createdBy"`
	ClosedBy      person     `json:"closedBy"`
	Created       string     `json:"creationDate"`
	Closed        string     `json:"closedDate"`
	PullRequest   *resource  `json:"pullRequest"`
	Comment       *comment   `json:"comment"`
	// Content and Author are present when the comment itself is the resource.
	Content string `json:"content"`
	Author  person `json:"author"`

	// A repository. A deleted one has only a name.
	RepositoryName string `json:"repositoryName"`
	OldName        string `json:"oldName"`
	Disabled       bool   `json:"disabled"`
	InitiatedBy    person `json:"initiatedBy"`

	// A changeset.
	ChangesetID number `json:"changesetId"`
	CheckedInBy person `json:"checkedInBy"`
	CreatedDate string `json:"createdDate"`

	// A build.
	BuildNumber  string `json:"buildNumber"`
	Result       string `json:"result"`
	Branch       string `json:"sourceBranch"`
	Definition   named  `json:"definition"`
	RequestedFor person `json:"requestedFor"`
	Started      string `json:"startTime"`
	Finished     string `json:"finishTime"`
	// Version, Requests and ChangedBy belong to a build in version 1 of the resource.
	Version  string `json:"sourceGetVersion"`
	Requests []struct {
		For person `json:"requestedFor"`
	} `json:"requests"`
	ChangedBy person `json:"lastChangedBy"`

	// A release, a deployment of one, or an approval.
	Name             string       `json:"name"`
	Release          *release     `json:"release"`
	Environment      *environment `json:"environment"`
	RESTEnvironment  *environment `json:"releaseEnvironment"`
	DeploymentStatus string       `json:"deploymentStatus"`
	Attempt          number       `json:"attempt"`
	AttemptID        number       `json:"attemptId"`
	StartedOn        string       `json:"startedOn"`
	Completed        string       `json:"completedOn"`
	CreatedOn        string       `json:"createdOn"`
	ModifiedBy       person       `json:"modifiedBy"`
	Requested        person       `json:"requestedBy"`
	Approval         *approval    `json:"approval"`
	ReleaseDef       named        `json:"releaseDefinition"`

	// A run, stage or job of a YAML pipeline.
	Run      *run   `json:"run"`
	Stage    *run   `json:"stage"`
	Job      *run   `json:"job"`
	Pipeline *named `json:"pipeline"`
	// StageName is present where Stage is not.
	StageName string `json:"stageName"`

	// A work item, or an update of one.
	WorkItemID number           `json:"workItemId"`
	Rev        number           `json:"rev"`
	Fields     map[string]field `json:"fields"`
	Revision   *resource        `json:"revision"`
	RevisedBy  person           `json:"revisedBy"`

	// sentence is what the service hook says about the event; update and doer are what
	// that sentence says was done to a pull request, and by whom.
	sentence string
	update   pullUpdate
	doer     person
	// event is the kind that the type of the service hook's event names.
	event string
	// code returns the repository's page.
	code string
}

// number is a number that may be written as text.
type number int64

// UnmarshalJSON implements [json.Unmarshaler]. It reads anything but a number as 0, so
// that one bad value does not spoil the rest.
func (n *number) UnmarshalJSON(b []byte) error {
	if v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64); err == nil {
		*n = number(v)
	}
	return nil
}

type href struct {
	Href string `json:"href"`
}

type named struct {
	ID   number `json:"id"`
	Name string `json:"name"`
}

type person struct {
	Name string `json:"displayName"`
}

type repository struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Remote  string `json:"remoteUrl"`
	Web     string `json:"webUrl"`
	Project struct {
		Name string `json:"name"`
	} `json:"project"`
}

type commit struct {
	ID      string `json:"commitId"`
	Comment string `json:"comment"`
	Author  struct {
		Name string `json:"name"`
	} `json:"author"`
}

type refUpdate struct {
	Name   string `json:"name"`
	Old    string `json:"oldObjectId"`
	New    string `json:"newObjectId"`
	Forced bool   `json:"forced"`
}

type comment struct {
	ID        number `json:"id"`
	Content   string `json:"content"`
	Author    person `json:"author"`
	Type      string `json:"commentType"`
	Deleted   bool   `json:"isDeleted"`
	Published string `json:"publishedDate"`
	Links     struct {
		Threads href `json:"threads"`
	} `json:"_links"`
	// thread is the thread of the comment, whose id is unique only within it.
	thread number
}

type release struct {
	ID    number `json:"id"`
	Name  string `json:"name"`
	Links struct {
		Web href `json:"web"`
	} `json:"_links"`
	Status      string `json:"status"`
	Definition  named  `json:"releaseDefinition"`
	CreatedBy   person `json:"createdBy"`
	ModifiedBy  person `json:"modifiedBy"`
	Description string `json:"description"`
}

type environment struct {
	ID     number `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	// Release is present in service hooks.
	Release *release `json:"release"`
}

// UnmarshalJSON implements [json.Unmarshaler]: a changeset's comment is a plain string.
func (c *comment) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Content)
	}
	type plain comment
	return json.Unmarshal(b, (*plain)(c))
}

// approval is the approval of a classic release's deployment, or of a stage, which has steps.
type approval struct {
	ID          number       `json:"id"`
	Status      string       `json:"status"`
	Comments    string       `json:"comments"`
	Approver    person       `json:"approver"`
	ApprovedBy  person       `json:"approvedBy"`
	Automated   bool         `json:"isAutomated"`
	Created     string       `json:"createdOn"`
	Modified    string       `json:"modifiedOn"`
	Release     *release     `json:"release"`
	Definition  *named       `json:"releaseDefinition"`
	Environment *environment `json:"releaseEnvironment"`
	Steps       []struct {
		Approver person `json:"assignedApprover"`
		Actual   person `json:"actualApprover"`
		Status   string `json:"status"`
		Comment  string `json:"comment"`
	} `json:"steps"`
}

type run struct {
	ID       number `json:"id"`
	Name     string `json:"name"`
	Display  string `json:"displayName"`
	State    string `json:"state"`
	Result   string `json:"result"`
	Finished string `json:"finishedDate"`
	Links    struct {
		Web href `json:"web"`
	} `json:"_links"`
}

// field is a field of a work item: its value, or the values before and after.
type field struct{ old, now any }

// UnmarshalJSON implements [json.Unmarshaler].
func (f *field) UnmarshalJSON(b []byte) error {
	var change struct {
		Old any `json:"oldValue"`
		New any `json:"newValue"`
	}
	if len(b) > 0 && b[0] == '{' && strings.Contains(string(b), `Value"`) {
		err := json.Unmarshal(b, &change)
		f.old, f.now = change.Old, change.New
		return err
	}
	return json.Unmarshal(b, &f.now)
}

// MarshalJSON implements [json.Marshaler].
func (f field) MarshalJSON() ([]byte, error) { return json.Marshal(f.now) }

// text returns a field's value for a reader: people are written by their names.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		name, _, mail := strings.Cut(v, " <") // "Ada <ada@example.com>"
		if mail && strings.HasSuffix(v, ">") {
			return name
		}
		return v
	case map[string]any:
		return text(v["displayName"])
	}
	return fmt.Sprint(v)
}

// mention returns the person in a field of a work item, in Markdown.
func mention(v any) string {
	login := ""
	switch v := v.(type) {
	case string:
		if _, mail, ok := strings.Cut(v, " <"); ok && strings.HasSuffix(mail, ">") {
			login = strings.TrimSuffix(mail, ">")
		}
	case map[string]any:
		login = text(v["uniqueName"])
	}
	return card.Mention(login, text(v))
}
