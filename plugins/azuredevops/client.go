package azuredevops

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

// maxPages bounds how many pages one request for a list reads.
const maxPages = 20

// client talks to the REST APIs: the organisation's, the project's, and the project's for
// releases.
type client struct {
	organisation, project, releases *rest.Client
	// pages is how many pages of a list to read; incomplete says that a list had more.
	pages      int
	incomplete bool
}

func (a *AzureDevOps) client(h *http.Client) (*client, error) {
	api := func(argument, base, path string) (*rest.Client, error) {
		return rest.New(h, rest.Options{
			Name: "Azure DevOps", Base: base, Argument: argument, Path: path,
			Auth: rest.Basic("", a.Token), Query: url.Values{"api-version": {a.Version}},
			Errors: map[int]error{
				http.StatusNonAuthoritativeInfo: errSignIn,
				http.StatusNotFound:             connector.Misconfigured("there is no such organisation or project, or the token may not see it (404)"),
				http.StatusBadRequest:           connector.Misconfigured("the server does not understand the request (400); an older one needs another api_version"),
			},
			Meaning: meaning,
		})
	}
	// At Azure DevOps Services, the release API has a host of its own.
	releases := cmp.Or(a.Releases, strings.Replace(a.URL, "://dev.azure.com/", "://vsrm.dev.azure.com/", 1))
	c, project := &client{pages: maxPages}, url.PathEscape(a.Project)
	var errs [3]error
	c.organisation, errs[0] = api("url", a.URL, "")
	c.project, errs[1] = api("url", a.URL, project)
	c.releases, errs[2] = api("release_url", releases, project)
	return c, cmp.Or(errs[:]...)
}

// errSignIn is the meaning of the sign-in page, which is how Azure DevOps answers an
// invalid token.
var errSignIn = connector.Unauthorised("Azure DevOps does not accept the token; it may have expired")

func meaning(r rest.Response, err error) error {
	if r.Status == http.StatusOK && strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		return errSignIn
	}
	return err
}

// wait returns how long the service asks to wait.
func (c *client) wait() time.Duration {
	return max(c.organisation.Wait(), c.project.Wait(), c.releases.Wait())
}

// clock returns the service's time, and so shows whether the token can see the project.
func (c *client) clock(ctx context.Context, project string) (time.Time, error) {
	answer, err := c.organisation.Do(ctx, rest.Request{Path: "_apis/projects/" + url.PathEscape(project)}, &struct{}{})
	if err != nil {
		return time.Time{}, err
	}
	now, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return now, nil
}

// list is one page of a list.
type list struct {
	Value []json.RawMessage `json:"value"`
}

// list follows a list's pages, newest first. The lists of Git and of a work item's
// updates continue with $skip, which q then contains, the others with a token. Unless
// goOn is nil, it says whether anything after a page may still matter.
func (c *client) list(ctx context.Context, api *rest.Client, path string, q url.Values, goOn func([]json.RawMessage) bool) ([]json.RawMessage, error) {
	next := func(p rest.Page[list]) *rest.Request {
		token := p.Header.Get("X-Ms-Continuationtoken")
		switch n := len(p.Value.Value); {
		case goOn != nil && !goOn(p.Value.Value):
			return nil
		case q.Has("$skip") && fmt.Sprint(n) == q.Get("$top"):
			return p.Plus("$skip", n)
		case !q.Has("$skip") && token != "":
			return p.With("continuationToken", token)
		}
		return nil
	}
	var all []json.RawMessage
	for p, err := range rest.Pages(ctx, api, rest.Request{Path: path, Query: q}, c.pages, next) {
		if c.incomplete = c.incomplete || errors.Is(err, rest.ErrMorePages); err != nil && !errors.Is(err, rest.ErrMorePages) {
			return nil, err
		}
		all = append(all, p.Value.Value...)
	}
	return all, nil
}

// changed returns the numbers of the work items that were changed since a time.
func (c *client) changed(ctx context.Context, since time.Time, after int64, order string, top int) ([]int64, error) {
	question := rest.Request{
		Method: http.MethodPost, Path: "_apis/wit/wiql", Query: url.Values{"timePrecision": {"true"}, "$top": {fmt.Sprint(top)}},
		Body: map[string]string{"query": fmt.Sprintf("SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"+
			" AND [System.ChangedDate] >= '%s' AND [System.Id] > %d ORDER BY %s", stamp(since), after, order)},
	}
	var answer struct {
		Items []struct {
			ID int64 `json:"id"`
		} `json:"workItems"`
	}
	if _, err := c.project.Do(ctx, question, &answer); err != nil {
		return nil, err
	}
	var ids []int64
	for _, i := range answer.Items {
		ids = append(ids, i.ID)
	}
	return ids, nil
}
