// Package github is the connector for GitHub: what happens in a repository, an
// organisation or around a user.
//
// Events reach it in one of two ways. Without a webhook secret it polls the Events API,
// which is up to six hours late and leaves kinds out
// (https://docs.github.com/rest/activity/events). With one, GitHub pushes, and a poll
// only fetches the deliveries that failed while the relay was down. They carry the same
// payload under the same number, so nothing is posted twice.
package github

import (
	"context"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// GitHub is the connector.
type GitHub struct {
	Repository   string `relay:"repository" doc:"The repository whose events to post, as owner/name."`
	Organisation string `relay:"organisation" doc:"The organisation whose events to post, instead of a repository's."`
	User         string `relay:"user" doc:"The user whose public events to post, instead of a repository's."`

	Token      string `relay:"token,secret" doc:"A personal access token that may read the repository. Public repositories need none, but without one GitHub allows only sixty requests an hour."`
	Secret     string `relay:"secret,secret" doc:"The secret of a GitHub webhook that leads to this connector's hook URL; GitHub then pushes events, and polls only fetch what was missed."`
	AppID      int64  `relay:"app_id" doc:"The id of a GitHub App to sign in as, instead of using a token."`
	Install    int64  `relay:"installation_id" doc:"The id of the App's installation."`
	PrivateKey string `relay:"private_key,secret" doc:"The App's private key, in PEM form."`
	API        string `relay:"api" default:"https://api.github.com" doc:"The address of the REST API; GitHub Enterprise Server's is https://HOST/api/v3."`

	Events        connector.Patterns `relay:"events" doc:"The kinds to post, or kind.action, with * as in file names. By default, the kinds and actions that people usually want to see."`
	Exclude       connector.Patterns `relay:"exclude" doc:"Kinds, or kind.action, not to post."`
	Actors        connector.Patterns `relay:"actors" doc:"Whose events to post; by default everybody's."`
	ExcludeActors connector.Patterns `relay:"exclude_actors" default:"[\"dependabot*\", \"renovate*\", \"github-actions*\"]" doc:"Whose events not to post, except releases, deployments, runs and alerts; by default those of some well-known bots."`
	Branches      connector.Patterns `relay:"branches" doc:"The branches whose pushes, runs and pull requests to post; by default all."`
	Labels        connector.Patterns `relay:"labels" doc:"Post only those issues and pull requests that have one of these labels."`
	Initial       int                `relay:"initial" default:"0" doc:"How many of the newest events to post at the first poll."`

	app installation
}

// New returns a connector without arguments.
func New() connector.Connector { return &GitHub{} }

// Describe implements [connector.Connector].
func (g *GitHub) Describe() connector.Description {
	return connector.Description{
		Type: "github", Title: "GitHub", Summary: "Pushes, pull requests, issues, releases, runs and more.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke="#7d6ad8" stroke-width="2" stroke-linecap="round" d="M7 8.5v7M17 10.5c0 4-7 2-9.5 5.5"/><g fill="none" stroke="#7d6ad8" stroke-width="2"><circle cx="7" cy="6" r="2.5"/><circle cx="7" cy="18" r="2.5"/><circle cx="17" cy="8" r="2.5"/></g></svg>`),
		Kinds: described(), Schedule: "@every 2m",
	}
}

// Validate implements [connector.Validator].
func (g *GitHub) Validate() []connector.Problem {
	var problems connector.Problems
	problems.OneOf("repository", "Name one of repository, organisation and user.", g.Repository != "", g.Organisation != "", g.User != "")
	owner, name, ok := strings.Cut(g.Repository, "/")
	problems.If(g.Repository != "" && (!ok || owner == "" || name == "" || strings.Contains(name, "/")), "repository", "A repository is written owner/name, such as golang/go.")
	problems.If(strings.ContainsAny(g.Organisation, "/ ?#%"), "organisation", "A login is written as in the address of its profile.")
	problems.If(strings.ContainsAny(g.User, "/ ?#%"), "user", "A login is written as in the address of its profile.")
	problems.If(g.User != "" && g.Secret != "", "secret", "GitHub has no webhooks for users; name a repository or an organisation.")
	problems.URL("api", g.API, "https://api.github.com")
	app := g.AppID != 0
	problems.If(app != (g.Install != 0) || app != (g.PrivateKey != ""), "app_id", "An App needs app_id, installation_id and private_key together.")
	problems.If(app && g.Token != "", "token", "Set either a token or an App, not both.")
	if g.PrivateKey != "" {
		_, err := parseKey(g.PrivateKey)
		problems.If(err != nil, "private_key", "The App's private key is not an RSA key in PEM form.")
	}
	problems.If(g.Initial < 0, "initial", "The number of events must not be negative.")
	var names []string // the kind in "kind.action"
	for _, p := range g.Events {
		name, _, _ := strings.Cut(p, ".")
		names = append(names, name)
	}
	table().Check(&problems, "events", names...)
	return problems
}

// Poll implements [connector.Poller].
func (g *GitHub) Poll(ctx context.Context, p *connector.Poll) (time.Duration, error) {
	api, err := g.client(ctx, p.HTTP)
	if err != nil {
		return 0, err
	}
	at, _ := connector.Recall[checkpoint](p, version)
	if g.Secret != "" && p.Preview == 0 {
		return 0, g.pollMissed(ctx, p, api, at)
	}
	return g.pollEvents(ctx, p, api, at)
}
