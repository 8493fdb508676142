package github

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/connector-relay/relay/relay/connector"
)

// payload holds what cards need from a webhook's payload, of any kind. The Events API
// leaves parts of it out.
type payload struct {
	Action       string     `json:"action"`
	Repository   repository `json:"repository"`
	Organization user       `json:"organization"`
	Sender       user       `json:"sender"`

	Ref     string   `json:"ref"`
	RefType string   `json:"ref_type"`
	Before  string   `json:"before"`
	After   string   `json:"after"`
	Head    string   `json:"head"` // the Events API's "after"
	Compare string   `json:"compare"`
	Forced  bool     `json:"forced"`
	Created bool     `json:"created"`
	Deleted bool     `json:"deleted"`
	Commits []commit `json:"commits"`

	Issue       *issue       `json:"issue"`
	PullRequest *pullRequest `json:"pull_request"`
	Comment     *comment     `json:"comment"`
	Review      *comment     `json:"review"`
	Discussion  *discussion  `json:"discussion"`
	Answer      *comment     `json:"answer"`
	Release     *release     `json:"release"`
	Deployment  *deployment  `json:"deployment"`
	Status      *status      `json:"deployment_status"`
	WorkflowRun *run         `json:"workflow_run"`
	CheckRun    *run         `json:"check_run"`
	CheckSuite  *run         `json:"check_suite"`
	Workflow    *named       `json:"workflow"`
	Forkee      *repository  `json:"forkee"`
	Pages       []page       `json:"pages"`
	Package     *pack        `json:"package"`
	Registry    *pack        `json:"registry_package"`
	Alert       *alert       `json:"alert"`
	Advisory    *advisory    `json:"security_advisory"`
	Member      *user        `json:"member"`
	Membership  *membership  `json:"membership"`
	Label       *label       `json:"label"`
	Milestone   *milestone   `json:"milestone"`
	Assignee    *user        `json:"assignee"`
	Reviewer    *user        `json:"requested_reviewer"`
	Team        *team        `json:"team"`
	Reviewers   *team        `json:"requested_team"`
	Sponsorship *sponsorship `json:"sponsorship"`
	Effective   string       `json:"effective_date"`
	Build       *build       `json:"build"`
	Reason      string       `json:"reason"` // why it left the merge queue
	Changes     changes      `json:"changes"`

	commitStatus
}

type repository struct {
	FullName    string `json:"full_name"`
	HTMLURL     string `json:"html_url"`
	Description string `json:"description"`
	Owner       user   `json:"owner"`
	Branch      string `json:"default_branch"`
	Stars       int    `json:"stargazers_count"`
	Pushed      moment `json:"pushed_at,omitzero"`
}

// moment is a time, which some payloads write in seconds and some as text.
type moment struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler]. It reads anything but a time as zero, so
// that one bad value does not spoil the rest.
func (m *moment) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		m.Time = time.Unix(seconds, 0)
	} else if at, err := time.Parse(time.RFC3339, text); err == nil {
		m.Time = at
	}
	return nil
}

type user struct {
	Login     string `json:"login"`
	HTMLURL   string `json:"html_url"`
	AvatarURL string `json:"avatar_url"`
}

type named struct {
	Name string `json:"name"`
}

type label struct {
	Name        string `json:"name"`
	Color       string `json:"color"`
	Description string `json:"description"`
}

type milestone struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	HTMLURL     string `json:"html_url"`
	Open        int    `json:"open_issues"`
	Closed      int    `json:"closed_issues"`
	Due         string `json:"due_on"`
}

type team struct {
	Name        string `json:"name"`
	HTMLURL     string `json:"html_url"`
	Description string `json:"description"`
	Privacy     string `json:"privacy"`
	Permission  string `json:"permission"`
}

type sponsorship struct {
	Sponsor     user   `json:"sponsor"`
	Sponsorable user   `json:"sponsorable"`
	Privacy     string `json:"privacy_level"`
	Tier        named  `json:"tier"`
}

// build is a build of GitHub Pages.
type build struct {
	Status string `json:"status"`
	Commit string `json:"commit"`
	Pusher user   `json:"pusher"`
	Error  struct {
		Message string `json:"message"`
	} `json:"error"`
}

// commitStatus is the payload of status, which has no object of its own.
type commitStatus struct {
	SHA         string  `json:"sha"`
	State       string  `json:"state"`
	Context     string  `json:"context"`
	Description string  `json:"description"`
	TargetURL   string  `json:"target_url"`
	Branches    []named `json:"branches"`
	Commit      struct {
		HTMLURL string `json:"html_url"`
		Commit  struct {
			Message string `json:"message"`
		} `json:"commit"`
	} `json:"commit"`
}

type commit struct {
	ID      string `json:"id"`
	Message string `json:"message"`
	URL     string `json:"url"`
	Author  struct {
		Name     string `json:"name"`
		Username string `json:"username"`
	} `json:"author"`
}

type issue struct {
	Number      int       `json:"number"`
	Title       string    `json:"title"`
	Body        string    `json:"body"`
	HTMLURL     string    `json:"html_url"`
	State       string    `json:"state"`
	Reason      string    `json:"state_reason"`
	User        user      `json:"user"`
	Labels      []named   `json:"labels"`
	Assignees   []user    `json:"assignees"`
	Lock        string    `json:"active_lock_reason"`
	PullRequest *struct{} `json:"pull_request"`
}

type pullRequest struct {
	Number    int     `json:"number"`
	Title     string  `json:"title"`
	Body      string  `json:"body"`
	HTMLURL   string  `json:"html_url"`
	State     string  `json:"state"`
	Draft     bool    `json:"draft"`
	Merged    bool    `json:"merged"`
	User      user    `json:"user"`
	Labels    []named `json:"labels"`
	Assignees []user  `json:"assignees"`
	Lock      string  `json:"active_lock_reason"`
	Head      branch  `json:"head"`
	Base      branch  `json:"base"`
	Commits   int     `json:"commits"`
	Additions int     `json:"additions"`
	Deletions int     `json:"deletions"`
	Files     int     `json:"changed_files"`
}

type branch struct {
	Label string `json:"label"` // with the owner: "ada:main"
	Ref   string `json:"ref"`
	SHA   string `json:"sha"`
}

type comment struct {
	Body    string `json:"body"`
	HTMLURL string `json:"html_url"`
	State   string `json:"state"`
	User    user   `json:"user"`
	Path    string `json:"path"`
	Commit  string `json:"commit_id"`
}

type discussion struct {
	Number   int    `json:"number"`
	Title    string `json:"title"`
	Body     string `json:"body"`
	HTMLURL  string `json:"html_url"`
	Category named  `json:"category"`
	Lock     string `json:"active_lock_reason"`
}

type release struct {
	TagName    string `json:"tag_name"`
	Name       string `json:"name"`
	Body       string `json:"body"`
	HTMLURL    string `json:"html_url"`
	Draft      bool   `json:"draft"`
	Prerelease bool   `json:"prerelease"`
}

type deployment struct {
	Environment string `json:"environment"`
	Ref         string `json:"ref"`
	Description string `json:"description"`
}

type status struct {
	State       string `json:"state"`
	Environment string `json:"environment"`
	Description string `json:"description"`
	TargetURL   string `json:"target_url"`
	LogURL      string `json:"log_url"`
}

// run is a workflow run, a check or a check suite.
type run struct {
	Name       string `json:"name"`
	Number     int    `json:"run_number"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	HTMLURL    string `json:"html_url"`
	HeadBranch string `json:"head_branch"`
	HeadSHA    string `json:"head_sha"`
	Event      string `json:"event"`
	Actor      user   `json:"actor"`
	Started    string `json:"run_started_at"`
	Updated    string `json:"updated_at"`
	App        named  `json:"app"`
	Head       struct {
		Message string `json:"message"`
	} `json:"head_commit"`
	Suite  *run `json:"check_suite"`
	Output struct {
		Title string `json:"title"`
	} `json:"output"`
}

type page struct {
	Name    string `json:"page_name"`
	Title   string `json:"title"`
	Action  string `json:"action"`
	HTMLURL string `json:"html_url"`
}

type pack struct {
	Name    string `json:"name"`
	Type    string `json:"package_type"`
	HTMLURL string `json:"html_url"`
	Version struct {
		Version string `json:"version"`
		HTMLURL string `json:"html_url"`
	} `json:"package_version"`
}

// alert is a security alert of any sort.
type alert struct {
	Number     int      `json:"number"`
	HTMLURL    string   `json:"html_url"`
	State      string   `json:"state"`
	SecretType string   `json:"secret_type_display_name"`
	Rule       rule     `json:"rule"`
	Advisory   advisory `json:"security_advisory"`
	Dependency struct {
		Package struct {
			Name      string `json:"name"`
			Ecosystem string `json:"ecosystem"`
		} `json:"package"`
	} `json:"dependency"`
	// These are the members of repository_vulnerability_alert.
	PackageName string `json:"affected_package_name"`
	Severity    string `json:"severity"`
}

type rule struct {
	Description string `json:"description"`
	Severity    string `json:"severity"`
	Security    string `json:"security_severity_level"`
}

type advisory struct {
	GHSA     string `json:"ghsa_id"`
	Summary  string `json:"summary"`
	Severity string `json:"severity"`
}

type membership struct {
	User user `json:"user"`
}

// changes holds the values from before an edit.
type changes struct {
	Title         was `json:"title"`
	Body          was `json:"body"`
	Name          was `json:"name"`
	Description   was `json:"description"`
	Color         was `json:"color"`
	Due           was `json:"due_on"`
	Privacy       was `json:"privacy"`
	PrivacyLevel  was `json:"privacy_level"`
	Permission    was `json:"permission"`
	OldPermission was `json:"old_permission"`
	DefaultBranch was `json:"default_branch"`
	Base          struct {
		Ref was `json:"ref"`
	} `json:"base"`
	Category struct {
		From named `json:"from"`
	} `json:"category"`
	Tier struct {
		From named `json:"from"`
	} `json:"tier"`
	Owner struct {
		From struct {
			User         user `json:"user"`
			Organization user `json:"organization"`
		} `json:"from"`
	} `json:"owner"`
	Repository struct {
		Name was `json:"name"`
	} `json:"repository"`
	// These say where something was transferred to.
	NewRepository *repository `json:"new_repository"`
	NewIssue      *issue      `json:"new_issue"`
	NewDiscussion *discussion `json:"new_discussion"`
	// These say where an issue was transferred from.
	OldRepository *repository `json:"old_repository"`
}

// was is a value before an edit and, for some, after it.
type was struct {
	From string `json:"from"`
	To   string `json:"to"`
	// edited says that there was an edit, whatever the old value was.
	edited bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (w *was) UnmarshalJSON(b []byte) error {
	type plain was
	w.edited = string(b) != "null"
	return json.Unmarshal(b, (*plain)(w))
}

// parse reads what it can: it leaves out a part of the wrong type and keeps the rest.
func parse(raw []byte) *payload {
	p := &payload{}
	if !connector.ParseJSON(raw, p) {
		return &payload{}
	}
	return p
}

// complete fills in what the Events API says outside the payload.
func (p *payload) complete(e *github.Event, web string) {
	if p.Repository.FullName == "" {
		p.Repository.FullName = e.GetRepo().GetName()
		p.Repository.HTMLURL = web + e.GetRepo().GetName()
	}
	if p.Sender.Login == "" {
		a := e.GetActor()
		p.Sender = user{Login: a.GetLogin(), AvatarURL: a.GetAvatarURL(), HTMLURL: web + a.GetLogin()}
	}
	if p.After == "" {
		p.After = p.Head
	}
	if p.PullRequest != nil && p.PullRequest.HTMLURL == "" && p.PullRequest.Number > 0 {
		p.PullRequest.HTMLURL = p.Repository.HTMLURL + "/pull/" + itoa(p.PullRequest.Number)
	}
	if e.GetType() == "PullRequestEvent" && p.Action == "merged" { // the Events API's own word for it
		p.Action = "closed"
		if p.PullRequest != nil {
			p.PullRequest.Merged = true
		}
	}
}

// webhookName returns a webhook's name for a type of the Events API.
func webhookName(typ string) string {
	switch typ {
	case "WatchEvent":
		return "star"
	case "GollumEvent":
		return "gollum"
	}
	var b strings.Builder
	for i, r := range strings.TrimSuffix(typ, "Event") {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// webOf returns the address of the site that an API belongs to.
func webOf(api string) string {
	u, err := url.Parse(api)
	if err != nil || u.Host == "api.github.com" {
		return "https://github.com/"
	}
	return u.Scheme + "://" + u.Host + "/"
}

func splitRepository(full string) (owner, name string) {
	owner, name, _ = strings.Cut(full, "/")
	return owner, name
}
