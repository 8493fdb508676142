package azuredevops

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// resource is what an event is about. A service hook's resource and the REST APIs'
// answers have the same members; which there are depends on the kind
// (https://learn.microsoft.com/azure/devops/service-hooks/events).
type resource struct {
	ID    number `json:"id"`
	Links struct {
		Web href `json:"web"`
	} `json:"_links"`

	// A push.
	PushID     number      `json:"pushId"`
	Commits    []commit    `json:"commits"`
	RefUpdates []refUpdate `json:"refUpdates"`
	Repository *repository `json:"repository"`
	PushedBy   person      `json:"pushedBy"`
	Date       string      `json:"date"`

	// A pull request, or a comment on one.
	PullRequestID number    `json:"pullRequestId"`
	Title         string    `json:"title"`
	Description   string    `json:"description"`
	Status        string    `json:"status"`
	MergeStatus   string    `json:"mergeStatus"`
	Source        string    `json:"sourceRefName"`
	Target        string    `json:"targetRefName"`
	CreatedBy     person    `json:"createdBy"`
	ClosedBy      person    `json:"closedBy"`
	Created       string    `json:"creationDate"`
	Closed        string    `json:"closedDate"`
	PullRequest   *resource `json:"pullRequest"`
	Comment       *comment  `json:"comment"`

	// A changeset.
	ChangesetID number `json:"changesetId"`
	CheckedInBy person `json:"checkedInBy"`

	// A build.
	BuildNumber  string `json:"buildNumber"`
	Result       string `json:"result"`
	Branch       string `json:"sourceBranch"`
	Definition   named  `json:"definition"`
	RequestedFor person `json:"requestedFor"`
	Started      string `json:"startTime"`
	Finished     string `json:"finishTime"`

	// A release, a deployment of one, or an approval.
	Name             string       `json:"name"`
	Release          *release     `json:"release"`
	Environment      *environment `json:"environment"`
	RESTEnvironment  *environment `json:"releaseEnvironment"`
	DeploymentStatus string       `json:"deploymentStatus"`
	Attempt          number       `json:"attempt"`
	AttemptID        number       `json:"attemptId"`
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

	// A work item, or an update of one.
	WorkItemID number           `json:"workItemId"`
	Rev        number           `json:"rev"`
	Fields     map[string]field `json:"fields"`
	Revision   *resource        `json:"revision"`
	RevisedBy  person           `json:"revisedBy"`
}

// number is one that may be written as text.
type number int64

// UnmarshalJSON implements [json.Unmarshaler]. What is no number is 0, so that it
// loses nothing else.
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
	Name  string `json:"displayName"`
	Image string `json:"imageUrl"`
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
	Name string `json:"name"`
	Old  string `json:"oldObjectId"`
	New  string `json:"newObjectId"`
}

type comment struct {
	ID      number `json:"id"`
	Content string `json:"content"`
	Author  person `json:"author"`
}

type release struct {
	ID    number `json:"id"`
	Name  string `json:"name"`
	Links struct {
		Web href `json:"web"`
	} `json:"_links"`
	Web         string `json:"webAccessUri"`
	Definition  named  `json:"releaseDefinition"`
	CreatedBy   person `json:"createdBy"`
	ModifiedBy  person `json:"modifiedBy"`
	Description string `json:"description"`
}

type environment struct {
	ID     number `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	// Release is there in service hooks.
	Release *release `json:"release"`
}

// UnmarshalJSON implements [json.Unmarshaler]: a changeset's comment is a text.
func (c *comment) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Content)
	}
	type plain comment
	return json.Unmarshal(b, (*plain)(c))
}

type approval struct {
	ID       number `json:"id"`
	Status   string `json:"status"`
	Comments string `json:"comments"`
	Approver person `json:"approver"`
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

// field is a work item's: its value, or what it was and is.
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

// text is a field's value for a person: people and lists of them have names.
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

// read makes a resource of JSON, and puts a release where the REST APIs have it.
func read(raw json.RawMessage) (*resource, bool) {
	r := &resource{}
	if !parse(raw, r) {
		return r, false
	}
	if r.Release == nil && r.Environment != nil {
		r.Release = r.Environment.Release
	}
	return r, true
}

// parse reads what it can: a part of the wrong type is left out, and the rest holds.
func parse(raw json.RawMessage, into any) bool {
	err := json.Unmarshal(raw, into)
	_, wrongType := errors.AsType[*json.UnmarshalTypeError](err)
	return err == nil || wrongType
}

// pull is the pull request that an event is about.
func (r *resource) pull() *resource {
	if r.PullRequest != nil {
		return r.PullRequest
	}
	return r
}

func (r *resource) repository() repository {
	if p := r.pull(); p.Repository != nil {
		return *p.Repository
	}
	return repository{}
}

// branch is the one that an event is about; empty when it is about none.
func (r *resource) branch() string {
	switch {
	case len(r.RefUpdates) > 0:
		return short(r.RefUpdates[0].Name)
	case r.pull().Target != "":
		return short(r.pull().Target)
	}
	return short(r.Branch)
}

func short(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

// pipeline is the name of the build, release or YAML pipeline.
func (r *resource) pipeline() string {
	switch {
	case r.Pipeline != nil:
		return r.Pipeline.Name
	case r.Definition.Name != "":
		return r.Definition.Name
	case r.Release != nil && r.Release.Definition.Name != "":
		return r.Release.Definition.Name
	}
	return r.ReleaseDef.Name
}

// field is a work item's field, as it is now.
func (r *resource) field(name string) string {
	if f, ok := r.Fields[name]; ok {
		return text(f.now)
	}
	if r.Revision != nil {
		return text(r.Revision.Fields[name].now)
	}
	return ""
}

// actor is who did it.
func (r *resource) actor() person {
	for _, p := range []person{r.RevisedBy, r.PushedBy, r.ClosedBy, r.RequestedFor, r.CheckedInBy, r.ModifiedBy, r.CreatedBy, r.Requested} {
		if p.Name != "" {
			return p
		}
	}
	switch {
	case r.Comment != nil && r.Comment.Author.Name != "":
		return r.Comment.Author
	case r.Approval != nil && r.Approval.Approver.Name != "":
		return r.Approval.Approver
	case r.PullRequest != nil:
		return r.PullRequest.CreatedBy
	case r.Release != nil:
		return r.Release.CreatedBy
	}
	for _, name := range []string{"System.ChangedBy", "System.CreatedBy"} {
		if who := r.field(name); who != "" {
			return person{Name: who}
		}
	}
	return person{}
}

// when is the first of some texts that is a time.
func when(texts ...string) time.Time {
	for _, s := range texts {
		if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() > 1 {
			return t
		}
	}
	return time.Time{}
}
