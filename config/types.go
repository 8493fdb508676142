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
	// signs says that the type's requests may be signed with a secret.
	signs bool
	// retires says that the type's vendor has retired *.webhook.office.com.
	retires bool
}

func channelTypes() []channelType {
	return []channelType{
		{name: "inbox"},
		{name: "office365", posts: true, retires: true},
		{name: "teams", posts: true, retires: true, payloads: []string{"message", "card", "connector-card"}},
		{name: "webhook", posts: true, signs: true},
	}
}

// laterChannelTypes are those of a later version.
func laterChannelTypes() []string {
	return []string{"slack", "mattermost", "rocketchat", "discord", "googlechat", "webex", "zulip", "matrix", "ntfy"}
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
