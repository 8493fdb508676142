package config

import "slices"

// channelType is what the configuration has to know of a channel type; how to
// post to it is package channel's.
type channelType struct {
	name string
	// payloads are the values that payload may have; none means that the type has
	// one payload only.
	payloads []string
	// posts says that cards leave by HTTP, so that the type needs a URL.
	posts bool
	// paced says that the type has a rate of its own.
	paced bool
	// signs says that the type's requests may be signed with a secret.
	signs bool
	// threads says that the type can keep cards together.
	threads bool
	// public are the payloads with which the URL is only that of the server, and no
	// secret.
	public []string
	// settings are the attributes that only some types have.
	settings []typeSetting
	// calls says that people can be mentioned there.
	calls bool
}

// typeSetting is an attribute that a type has.
type typeSetting struct {
	name string
	// required says that it must be there; with payloads, only for those.
	required bool
	payloads []string
}

func channelTypes() []channelType {
	return []channelType{
		{name: "discord", posts: true, paced: true, calls: true},
		{name: "googlechat", posts: true, paced: true, calls: true, threads: true},
		{name: "inbox"},
		{
			name: "matrix", posts: true, paced: true, calls: true, payloads: []string{"hookshot", "event"}, public: []string{"event"},
			settings: []typeSetting{{name: "token", required: true, payloads: []string{"event"}}, {name: "to", required: true, payloads: []string{"event"}}},
		},
		{name: "mattermost", posts: true, paced: true, calls: true},
		{name: "ntfy", posts: true, paced: true, settings: []typeSetting{{name: "token"}}},
		{name: "office365", posts: true, paced: true},
		{name: "rocketchat", posts: true, paced: true, calls: true},
		{name: "slack", posts: true, paced: true, calls: true},
		{
			name: "teams", posts: true, paced: true, calls: true, payloads: []string{"message", "card", "connector-card"},
			settings: []typeSetting{{name: "card_version", payloads: []string{"", "message", "card"}}, {name: "answer"}},
		},
		{name: "webex", posts: true, paced: true, calls: true},
		{name: "webhook", posts: true, signs: true, settings: []typeSetting{{name: "answer"}}},
		{
			name: "zulip", posts: true, paced: true, calls: true, threads: true, public: []string{""},
			settings: []typeSetting{{name: "user", required: true}, {name: "token", required: true}, {name: "to", required: true}, {name: "topic"}},
		},
	}
}

// setting returns a type's setting, as it holds for a payload.
func (t channelType) setting(name, payload string) (s typeSetting, has bool) {
	for _, s := range t.settings {
		if s.name == name && (len(s.payloads) == 0 || slices.Contains(s.payloads, payload)) {
			return s, true
		}
	}
	return typeSetting{}, false
}

func findChannelType(name string) (channelType, bool) {
	types := channelTypes()
	i := slices.IndexFunc(types, func(t channelType) bool { return t.name == name })
	if i < 0 {
		return channelType{}, false
	}
	return types[i], true
}

func channelTypeNames() []string {
	var names []string
	for _, t := range channelTypes() {
		names = append(names, t.name)
	}
	return names
}

// callingTypes are the types of channels in which people can be mentioned.
func callingTypes() []string {
	var names []string
	for _, t := range channelTypes() {
		if t.calls {
			names = append(names, t.name)
		}
	}
	return names
}
