// Package github is the connector for GitHub: what happens in a repository, an
// organisation or around a user.
//
// It has two ways in, and uses one of them. Without a webhook secret it polls the
// Events API, which is up to six hours late and leaves kinds out
// (https://docs.github.com/rest/activity/events). With one, GitHub pushes, and a poll
// only asks for the deliveries that failed while the relay was down: they carry the
// same payload under the same number, so nothing is posted twice.
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

	Token      string `relay:"token,secret" doc:"A personal access token that may read the repository; public ones need none, but may be asked sixty times an hour only."`
	Secret     string `relay:"secret,secret" doc:"The secret of a GitHub webhook that leads to this connector's hook URL; GitHub then pushes, and polls only fetch what was missed."`
	AppID      int64  `relay:"app_id" doc:"The number of a GitHub App to sign in as, instead of a token."`
	Install    int64  `relay:"installation_id" doc:"The number of the App's installation."`
	PrivateKey string `relay:"private_key,secret" doc:"The App's private key, in PEM form."`
	API        string `relay:"api" default:"https://api.github.com" doc:"The address of the REST API; GitHub Enterprise Server's is https://HOST/api/v3."`

	Events        connector.Patterns `relay:"events" doc:"The kinds to post, or kind.action, with * as in file names; what people want to see is the default."`
	Exclude       connector.Patterns `relay:"exclude" doc:"Kinds, or kind.action, not to post."`
	Actors        connector.Patterns `relay:"actors" doc:"Whose events to post; everybody's is the default."`
	ExcludeActors connector.Patterns `relay:"exclude_actors" default:"[\"dependabot*\", \"renovate*\", \"github-actions*\"]" doc:"Whose events not to post, but for releases, deployments, runs and alerts; some robots are the default."`
	Branches      connector.Patterns `relay:"branches" doc:"The branches whose pushes, runs and pull requests to post; all are the default."`
	Labels        connector.Patterns `relay:"labels" doc:"Post issues and pull requests with any of these labels only."`
	Initial       int                `relay:"initial" default:"0" doc:"How many of the newest events to post at the first poll."`

	app installation
}

// New returns a connector without arguments.
func New() connector.Connector { return &GitHub{} }

// Describe implements [connector.Connector].
func (g *GitHub) Describe() connector.Description {
	return connector.Description{
		Type: "github", Title: "GitHub", Summary: "Pushes, pull requests, issues, releases, runs and more.",
		Kinds: described(), Schedule: "@every 2m",
	}
}

// Validate implements [connector.Validator].
func (g *GitHub) Validate() []connector.Problem {
	var problems connector.Problems
	problems.OneOf("repository", "Name one of repository, organisation and user.", g.Repository != "", g.Organisation != "", g.User != "")
	owner, name, ok := strings.Cut(g.Repository, "/")
	problems.If(g.Repository != "" && (!ok || owner == "" || name == "" || strings.Contains(name, "/")), "repository", "A repository is written owner/name, such as golang/go.")
	problems.If(strings.ContainsAny(g.Organisation, "/ ?#%"), "organisation", "This is a login, as it stands in a profile's address.")
	problems.If(strings.ContainsAny(g.User, "/ ?#%"), "user", "This is a login, as it stands in a profile's address.")
	problems.If(g.User != "" && g.Secret != "", "secret", "GitHub has no webhooks for a user; name a repository or an organisation.")
	problems.URL("api", g.API, "https://api.github.com")
	app := g.AppID != 0
	problems.If(app != (g.Install != 0) || app != (g.PrivateKey != ""), "app_id", "An App signs in with app_id, installation_id and private_key together.")
	problems.If(app && g.Token != "", "token", "Either a token or an App signs in.")
	if g.PrivateKey != "" {
		_, err := parseKey(g.PrivateKey)
		problems.If(err != nil, "private_key", "The App's private key is not an RSA key in PEM form.")
	}
	problems.If(g.Initial < 0, "initial", "The number of events cannot be negative.")
	var names []string // of "kind.action" the kind
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
