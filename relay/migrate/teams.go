package migrate

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// leastSecret is how long the unguessable part of an old path is at least, as the
// configuration asks for.
const leastSecret = 16

var errNoTeam = errors.New("none of its columns names a team, such as TeamName or TeamId")

// installed is a connector that somebody added to a channel or, as far as the inventory
// knows, to a team.
type installed struct {
	line          int
	team, channel string
	// service is what the gallery called the connector, and title what its owner did.
	service, title string
	adder, url     string
	// people are known to be in the team.
	people []string
}

// Teams makes a draft of an inventory of a tenant's connectors: the CSV or JSON of
// Microsoft's sample scripts (List-TeamsWithConnectors, its batched form,
// List-IncomingWebhooks), of Microsoft Graph's installedApps, or of an audit log's search
// for ConnectorAdded, which alone knows channels and who added what.
func Teams(data []byte, file string) (*Draft, error) {
	rows, err := readTable(data)
	if err != nil {
		return nil, err
	}
	t := teams{Draft: newDraft("Made by `relay import teams` of " + oneLine(file) + "."), channels: make(map[string]*block), owned: make(map[string]*block), members: make(map[string][]string)}
	list, known := t.inventory(rows)
	if !known {
		return nil, errNoTeam
	}
	for _, i := range list {
		t.teamOf(i)
	}
	for _, i := range list {
		t.add(i)
	}
	return t.Draft, nil
}

type teams struct {
	*Draft
	// channels and owned are the blocks by what the inventory calls a channel and a team.
	channels, owned map[string]*block
	members         map[string][]string
}

// inventory returns what is installed, each once. An audit log tells of the same connector
// several times, and of removals.
func (t *teams) inventory(rows []row) (list []installed, known bool) {
	for _, r := range rows {
		i := installed{
			line: r.line, team: r.get("teamname", "team", "teamdisplayname", "teamguid", "teamid", "groupid"),
			channel: r.get("channelname", "channel", "channeldisplayname", "channelguid", "channelid"),
			service: service(r), title: r.get("connectorname", "configurationname", "webhookname", "connectordisplayname", "name"),
			url: r.get("webhookurl", "incomingwebhookurl", "url", "feedurl"), adder: person(r.get("userid", "createdby", "addedby", "owner")),
		}
		if r.get("hasincomingwebhook") != "" {
			i.team = cmp.Or(i.team, r.get("displayname", "id"))
		}
		i.team = cmp.Or(i.team, quotedID(r.get("odatacontext")))
		known = known || i.team != ""
		operation := strings.ToLower(r.get("operation", "operations"))
		if i.team == "" || strings.EqualFold(r.get("isconnector"), "false") || operation != "" && !strings.Contains(operation, "connector") {
			continue
		}
		for _, name := range strings.FieldsFunc(r.get("owners", "members")+";"+i.adder, func(c rune) bool { return c == ';' || c == ',' || c == ' ' }) {
			if p := person(name); p != "" {
				i.people = append(i.people, p)
			}
		}
		same := func(o installed) bool {
			return o.team == i.team && o.channel == i.channel && o.service == i.service && o.title == i.title
		}
		before := slices.IndexFunc(list, same)
		switch removed := operation == "connectorremoved"; {
		case removed && before >= 0:
			list = slices.Delete(list, before, before+1)
		case removed:
		case before >= 0:
			list[before].people = append(list[before].people, i.people...)
			list[before].url = cmp.Or(i.url, list[before].url)
		default:
			list = append(list, i)
		}
	}
	return list, known
}

// service is what the gallery called a connector, by its id if that is known: titles are
// translated.
func service(r row) string {
	if name := firstParty()[strings.ToLower(r.get("teamsappid", "appid", "addonguid", "teamsappdefinitionteamsappid"))]; name != "" {
		return name
	}
	name := r.get("teamsappname", "appname", "addonname", "teamsappdisplayname", "teamsappdefinitiondisplayname", "connectortype", "service")
	if name == "" && strings.EqualFold(r.get("hasincomingwebhook"), "yes") {
		return "Incoming Webhook"
	}
	return name
}

// quotedID is the team's id in the context of an answer of Microsoft Graph.
func quotedID(context string) string {
	if m := regexp.MustCompile(`teams\('([^']+)'\)`).FindStringSubmatch(context); m != nil {
		return m[1]
	}
	return ""
}

// person returns a mail address in small letters, or nothing.
func person(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if at := strings.IndexByte(name, '@'); at < 1 || at == len(name)-1 || strings.ContainsAny(name, " \t\r\n\"") {
		return ""
	}
	return name
}

// teamOf adds the people of a team to its block.
func (t *teams) teamOf(i installed) {
	if len(i.people) == 0 {
		return
	}
	b := t.owned[i.team]
	if b == nil {
		b = t.block("team", slug("team", i.team))
		b.note("Team %q. Whoever is not a member cannot have a connector that posts to its channels: complete the list.", i.team)
		t.need("Complete the members of team.%s, or give it the groups of your sign-in.", b.name())
		t.owned[i.team] = b
	}
	t.members[i.team] = append(t.members[i.team], i.people...)
	slices.Sort(t.members[i.team])
	t.members[i.team] = slices.Compact(t.members[i.team])
	b.lines = nil
	b.texts("members", t.members[i.team])
}

// add adds a connector, and its channel.
func (t *teams) add(i installed) {
	ch := t.channel(i)
	if i.service == "" && i.url == "" {
		t.need("Find out which connectors team %q has: the inventory does not say.", oneLine(i.team))
		return
	}
	typ := relayType(i.service)
	if typ == "" {
		ch.note("It had the connector %s, for which Relay has no type.", oneLine(i.service))
		t.need("%s in channel.%s: Relay has no such type. If the service can post by itself, add a connector of type webhook; if not, a plugin.", oneLine(i.service), ch.name())
		return
	}
	title := i.title
	if column(title) == column(i.service) {
		title = ""
	}
	b := t.block("connector", typ, slug(typ, ch.name(), cmp.Or(title, i.service)))
	b.note("%s", fmt.Sprintf("%s, line %d of the inventory", cmp.Or(i.service, "Incoming Webhook"), i.line))
	if owned := t.owned[i.team]; owned != nil {
		b.text("owner", i.adder)
		b.set("team", reference("team", owned.name()))
	}
	t.arguments(b, typ, i, title)
	b.to = []string{ch.name()}
}

// channel returns the block of a connector's channel. Its old address is of no use: cards
// now go through a workflow.
func (t *teams) channel(i installed) *block {
	key := i.team + "\x00" + i.channel
	if b := t.channels[key]; b != nil {
		return b
	}
	b := t.block("channel", slug("channel", i.team, i.channel))
	where := fmt.Sprintf("channel %q of team %q", oneLine(i.channel), oneLine(i.team))
	if i.channel == "" {
		where = fmt.Sprintf("a channel of team %q", oneLine(i.team))
		t.need("channel.%s: the inventory does not say which channels of team %q had connectors. Make one of these blocks for each.", b.name(), oneLine(i.team))
	}
	b.note("In Teams: %s", where)
	b.text("type", "teams")
	b.env(t.Draft, "url", "the URL of a workflow \"Post to a channel when a webhook request is received\" in "+where, "")
	if owned := t.owned[i.team]; owned != nil {
		b.set("team", reference("team", owned.name()))
	}
	t.channels[key] = b
	return b
}

// arguments fills in what the inventory knows, and asks for the rest.
func (t *teams) arguments(b *block, typ string, i installed, title string) {
	of := " of connector." + b.name()
	switch typ {
	case "rss":
		b.env(t.Draft, "url", "the feed's address"+of, i.url)
	case "github":
		b.env(t.Draft, "repository", "the repository"+of+", as owner/name", "")
		b.later("token", "a personal access token; without one GitHub allows only sixty requests an hour")
	case "azuredevops":
		b.env(t.Draft, "url", "the organisation's address"+of+", such as https://dev.azure.com/acme", "")
		b.env(t.Draft, "project", "the project"+of, "")
		b.later("token", "a personal access token that may read code, builds, releases and work items")
	case "trello":
		b.env(t.Draft, "board", "the board"+of+": what is after /b/ in its address", "")
		b.env(t.Draft, "key", "the API key"+of+", from https://trello.com/power-ups/admin", "")
		t.need("Sign in once the relay runs: relay login %s.", b.name())
	case "todo":
		b.env(t.Draft, "client_id", "the app registration"+of+", with the permission Tasks.Read", "")
		t.need("Sign in once the relay runs: relay login %s.", b.name())
	case "x":
		b.env(t.Draft, "search", "the search"+of+", or write users or list in its place", "")
		b.env(t.Draft, "token", "the app's bearer token"+of, "")
	default:
		t.webhook(b, i, title)
	}
}

// webhook lets senders go on with their old path, if the inventory knows it.
func (t *teams) webhook(b *block, i installed, title string) {
	if column(i.service) != "incomingwebhook" {
		title = cmp.Or(title, i.service)
	}
	b.text("title", title)
	at := oldPath(i.url)
	if at != "" {
		b.env(t.Draft, "path", "the path of the old URL of connector."+b.name(), at)
		t.need("connector.%s: senders change only the host of their URL, to that of relay.public_url.", b.name())
		return
	}
	if i.url != "" {
		t.need("connector.%s: line %d of the inventory has no URL of an incoming webhook.", b.name(), i.line)
	}
	b.later("path", "the path of the old URL, /webhookb2/…/IncomingWebhook/…; then senders change only the host")
	t.need("connector.%s: give its senders the new URL, which `relay connectors` shows; or set path to that of their old one.", b.name())
}

// oldPath is the path of an incoming webhook's URL, if a hook may have it.
func oldPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || !strings.Contains(strings.ToLower(u.Path), "/incomingwebhook/") {
		return ""
	}
	if path.Clean(u.Path) != u.Path || u.RawPath != "" || strings.ContainsAny(u.Path, " %?#") || !slices.ContainsFunc(strings.Split(u.Path, "/"), func(part string) bool { return len(part) >= leastSecret }) {
		return ""
	}
	return u.Path
}
