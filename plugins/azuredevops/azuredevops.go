// Package azuredevops is the connector for Azure DevOps, Services and Server: code,
// builds, releases, pipelines and work items of a project.
//
// Service hooks push what happens; polls of the REST APIs fetch what a push missed, or
// everything where no service hook leads here. What arrives both ways has the same key
// either way.
package azuredevops

import (
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/kinds"
)

// AzureDevOps is the connector.
type AzureDevOps struct {
	URL      string   `relay:"url,required" doc:"The address of the organisation, such as https://dev.azure.com/acme, or of a collection on a server."`
	Project  string   `relay:"project,required" doc:"The project's name."`
	Token    string   `relay:"token,secret" doc:"A personal access token that may read code, builds, releases and work items; needed for polls."`
	Username string   `relay:"username" doc:"The user name that the service hooks send, as basic authentication."`
	Password string   `relay:"password,secret" doc:"The password that the service hooks send; without it their requests are refused."`
	Sources  []string `relay:"poll" default:"[\"pushes\", \"pull_requests\", \"builds\", \"releases\", \"work_items\"]" doc:"What polls fetch: pushes, pull_requests, builds, releases, work_items; also approvals and checkins, and comments, which take a request for each open pull request."`

	kinds.Choice
	Repositories connector.Patterns `relay:"repositories" doc:"The repositories to post; by default all."`
	Branches     connector.Patterns `relay:"branches" doc:"The branches to post; by default all."`
	Pipelines    connector.Patterns `relay:"pipelines" doc:"The build, release and YAML pipelines to post; by default all."`
	Types        connector.Patterns `relay:"work_item_types" doc:"The types of work items to post, such as Bug; by default all."`
	Areas        []string           `relay:"areas" doc:"The area paths of work items to post, with slashes, such as Relay/Web/*; by default all."`
	Actors       connector.Patterns `relay:"actors" doc:"The names of people and services whose events to post; by default all."`
	NotActors    connector.Patterns `relay:"exclude_actors" doc:"The names of people and services whose events not to post."`
	Initial      int                `relay:"initial" default:"0" doc:"How many of the newest events to post at the first poll."`
	Version      string             `relay:"api_version" default:"7.1" doc:"The version of the REST API; older servers need 6.0 or 5.1."`
	Releases     string             `relay:"release_url" doc:"The address of the release API, if it does not follow from url."`
}

// New returns a connector without arguments.
func New() connector.Connector { return &AzureDevOps{} }

// Describe implements [connector.Connector].
func (a *AzureDevOps) Describe() connector.Description {
	return connector.Description{
		Type: "azuredevops", Title: "Azure DevOps", Summary: "Code, builds, releases, pipelines and work items of a project.",
		Icon:  []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="none" stroke="#1581d8" stroke-width="2.4" d="M12 12c-2-2.6-3.6-4-5.5-4a4 4 0 1 0 0 8c1.9 0 3.5-1.4 5.5-4s3.6-4 5.5-4a4 4 0 1 1 0 8c-1.9 0-3.5-1.4-5.5-4z"/></svg>`),
		Kinds: described(), Schedule: "@every 2m",
	}
}

// Validate implements [connector.Validator].
func (a *AzureDevOps) Validate() []connector.Problem {
	var problems connector.Problems
	problems.URL("url", a.URL, "https://dev.azure.com/acme")
	if a.Releases != "" {
		problems.URL("release_url", a.Releases, "https://vsrm.dev.azure.com/acme")
	}
	problems.If(a.Project == "" || strings.ContainsAny(a.Project, `/\:?#`), "project", "Write the project's name as in its address, without slashes.")
	problems.If((a.Username == "") != (a.Password == ""), "username", "A username for service hooks needs a password.")
	problems.If(a.Version == "" || strings.ContainsAny(a.Version, " &?#/"), "api_version", "A version looks like 7.1.")
	problems.If(a.Initial < 0, "initial", "The number of events must not be negative.")
	for _, s := range a.Sources {
		problems.If(!slices.Contains(sourceNames(), s), "poll", "Polls ask for "+strings.Join(sourceNames(), ", ")+".")
	}
	table().Check(&problems, "kinds", a.Kinds...)
	problems.If(!slashed(a.Areas).Valid(), "areas", "One of the patterns is not valid: a [ is never closed.")
	return problems
}

// wants reports whether the configuration asks for an event.
func (a *AzureDevOps) wants(k kind, r *resource) bool {
	if !a.Wants(k.Noise, k.Name) {
		return false
	}
	area := strings.ReplaceAll(r.field("System.AreaPath"), `\`, "/")
	return fits(a.Repositories, r.repository().Name) && fits(a.Branches, r.branches()...) && fits(a.Pipelines, r.pipeline()) &&
		fits(a.Types, r.field("System.WorkItemType")) && fits(slashed(a.Areas), area) &&
		fits(a.Actors, r.actor().Name) && !a.NotActors.Match(r.actor().Name)
}

// fits reports whether one of the names is wanted; an event without such a name fits.
func fits(patterns connector.Patterns, names ...string) bool {
	known := slices.DeleteFunc(names, func(name string) bool { return name == "" })
	return len(patterns) == 0 || len(known) == 0 || slices.ContainsFunc(known, patterns.Match)
}

// slashed writes area paths with slashes, because a backslash means something else in a
// pattern.
func slashed(areas []string) connector.Patterns {
	var list connector.Patterns
	for _, a := range areas {
		list = append(list, strings.ReplaceAll(a, `\`, "/"))
	}
	return list
}
