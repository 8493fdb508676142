package channel

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/format"
)

// The addresses of requests, made of the URLs that people copy from the chat
// systems. A URL's own bytes stay as they are.

// awaited asks Discord to answer when the message is saved: without, "a message that
// is not saved does not return an error"
// (https://discord.com/developers/docs/resources/webhook#execute-webhook).
func awaited(text string, _ Spec, _ *format.Settings) (string, error) {
	return withQuery(text, "wait", "true"), nil
}

// threaded asks Google Chat to reply in the thread of the same key, or to begin one:
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create.
func threaded(text string, s Spec, _ *format.Settings) (string, error) {
	if !s.Threads {
		return text, nil
	}
	return withQuery(text, "messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"), nil
}

// withQuery adds a parameter to a URL that does not have it.
func withQuery(text, name, value string) string {
	text, _, _ = strings.Cut(text, "#")
	_, query, found := strings.Cut(text, "?")
	if values, err := url.ParseQuery(query); err == nil && values.Has(name) {
		return text
	}
	separator := "?"
	if found {
		separator = "&"
	}
	return text + separator + name + "=" + value
}

// under adds a path to a server's URL, unless it is there already.
func under(path string) func(string, Spec, *format.Settings) (string, error) {
	return func(text string, _ Spec, _ *format.Settings) (string, error) {
		text = strings.TrimRight(bare(text), "/")
		if strings.HasSuffix(text, "/"+path) {
			return text, nil
		}
		return text + "/" + path, nil
	}
}

// bare is a URL without query and fragment.
func bare(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		return text[:i]
	}
	return text
}

// room is where a Matrix server takes a room's messages; the name of the message
// follows: https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid.
func room(text string, s Spec, _ *format.Settings) (string, error) {
	return strings.TrimRight(bare(text), "/") + "/_matrix/client/v3/rooms/" + url.PathEscape(s.To) + "/send/m.room.message/", nil
}

var errNoTopic = errors.New("the channel's url has no topic at its end; it is the server's address and the topic, such as https://ntfy.sh/TOPIC")

// topic takes an ntfy topic off its URL: as JSON a message goes to the server's root
// with the topic in it (https://docs.ntfy.sh/publish/#publish-as-json).
func topic(text string, _ Spec, settings *format.Settings) (string, error) {
	text = strings.TrimRight(bare(text), "/")
	_, path, _ := strings.Cut(text, "://")
	i := strings.LastIndex(path, "/")
	if i < 0 || path[i+1:] == "" {
		return "", errNoTopic
	}
	name := path[i+1:]
	if plain, err := url.PathUnescape(name); err == nil {
		settings.To = plain
	}
	return strings.TrimSuffix(text, name), nil
}

// bearer signs in with the channel's token, if there is one.
func bearer(s Spec, _ delivery.Delivery, _ []byte, _ time.Time) (http.Header, error) {
	h := make(http.Header, 3)
	if s.Token.IsZero() {
		return h, nil
	}
	token, err := s.Token.Reveal()
	if err != nil {
		return nil, fmt.Errorf("the channel's token: %w", err)
	}
	h.Set("Authorization", "Bearer "+token)
	return h, nil
}

// basic signs in with the channel's user and token.
func basic(s Spec, _ delivery.Delivery, _ []byte, _ time.Time) (http.Header, error) {
	token, err := s.Token.Reveal()
	if err != nil {
		return nil, fmt.Errorf("the channel's token: %w", err)
	}
	r := http.Request{Header: make(http.Header, 3)}
	r.SetBasicAuth(s.User, token)
	return r.Header, nil
}
