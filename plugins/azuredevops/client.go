package azuredevops

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/rest"
)

const (
	maxBody = 32 << 20
	// maxPages bounds how much one question reads.
	maxPages = 20
	// maxDelay is more than the service ever holds a request up.
	maxDelay = time.Hour
)

// client speaks to the REST APIs.
type client struct {
	http  *http.Client
	token string
	// project and release are the addresses below which the project's APIs are.
	project, release, organisation string
	name, version                  string
	// pages is how many pages of a list to read; incomplete says that one had more.
	pages      int
	incomplete bool
	// rest is how long the service asks to wait.
	rest time.Duration
}

func (a *AzureDevOps) client(p *connector.Poll) *client {
	base := strings.TrimSuffix(a.URL, "/") + "/"
	releases := strings.TrimSuffix(a.Releases, "/") + "/"
	if a.Releases == "" {
		// Of the Services' APIs those of releases have a host of their own.
		releases = strings.Replace(base, "://dev.azure.com/", "://vsrm.dev.azure.com/", 1)
	}
	project := url.PathEscape(a.Project) + "/"
	return &client{
		http: p.HTTP, token: a.Token, organisation: base, project: base + project, release: releases + project, name: a.Project, version: a.Version,
		pages: maxPages,
	}
}

// clock returns the service's time, and with it whether the project can be seen.
func (c *client) clock(ctx context.Context) (time.Time, error) {
	h, err := c.call(ctx, http.MethodGet, c.organisation+"_apis/projects/"+url.PathEscape(c.name), nil, nil, &struct{}{})
	if err != nil {
		return time.Time{}, err
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return now, nil
}

// list follows a list's pages, newest first. Those of Git and of a work item's updates
// go on with $skip, which q then has, and the others with a token. Unless goOn is nil,
// it says whether there may be anything of use after a page.
func (c *client) list(ctx context.Context, address string, q url.Values, goOn func([]json.RawMessage) bool) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for range c.pages {
		var page struct {
			Value []json.RawMessage `json:"value"`
		}
		h, err := c.call(ctx, http.MethodGet, address, q, nil, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		next := h.Get("X-Ms-Continuationtoken")
		switch {
		case goOn != nil && !goOn(page.Value):
			return all, nil
		case q.Has("$skip") && fmt.Sprint(len(page.Value)) == q.Get("$top"):
			q.Set("$skip", fmt.Sprint(len(all)))
		case !q.Has("$skip") && next != "":
			q.Set("continuationToken", next)
		default:
			return all, nil
		}
	}
	c.incomplete = true
	return all, nil
}

// changed asks which work items were changed since a time, by their numbers.
func (c *client) changed(ctx context.Context, since time.Time, after int64, order string, top int) ([]int64, error) {
	question := map[string]string{"query": fmt.Sprintf("SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"+
		" AND [System.ChangedDate] >= '%s' AND [System.Id] > %d ORDER BY %s", stamp(since), after, order)}
	var answer struct {
		Items []struct {
			ID int64 `json:"id"`
		} `json:"workItems"`
	}
	q := url.Values{"timePrecision": {"true"}, "$top": {fmt.Sprint(top)}}
	if _, err := c.call(ctx, http.MethodPost, c.project+"_apis/wit/wiql", q, question, &answer); err != nil {
		return nil, err
	}
	var ids []int64
	for _, i := range answer.Items {
		ids = append(ids, i.ID)
	}
	return ids, nil
}

// call makes a request and decodes the answer.
func (c *client) call(ctx context.Context, method, address string, q url.Values, body, answer any) (http.Header, error) {
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("encode the question: %w", err)
		}
	}
	if q == nil {
		q = url.Values{}
	}
	q.Set("api-version", c.version)
	req, err := http.NewRequestWithContext(ctx, method, address+"?"+q.Encode(), bytes.NewReader(b))
	if err != nil {
		return nil, connector.Misconfigured("the argument url is not an address")
	}
	req.SetBasicAuth("", c.token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	c.slow(resp.Header)
	if err := statusError(resp); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(answer); err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	return resp.Header, nil
}

// slow obeys the hints of a service that slows a client down
// (https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits).
func (c *client) slow(h http.Header) {
	if s, err := strconv.ParseFloat(h.Get("X-RateLimit-Delay"), 64); err == nil && s > 0 && s < maxDelay.Seconds() {
		c.rest = max(c.rest, time.Duration(s*float64(time.Second)))
	}
	if h.Get("X-RateLimit-Remaining") == "0" {
		if at, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			c.rest = max(c.rest, time.Until(time.Unix(at, 0)))
		}
	}
	c.rest = max(c.rest, rest.RetryAfter(h, time.Now()))
}

// statusError gives an answer that is no success its kind. To a token that is not
// good Azure DevOps answers with the page for signing in.
func statusError(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusNonAuthoritativeInfo,
		resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		return connector.Unauthorised("Azure DevOps does not accept the token; it may have expired")
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusNotFound:
		return connector.Misconfigured("there is no such organisation or project, or the token may not see it (404)")
	case resp.StatusCode == http.StatusBadRequest:
		return connector.Misconfigured("the server does not understand the request (400); an older one needs another api_version")
	}
	return rest.StatusError("Azure DevOps", resp.StatusCode, resp.Header, time.Now())
}
