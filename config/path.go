package config

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

// leastPart is the least length in bytes of the unguessable part of a path; an
// identifier of 32 hexadecimal digits is twice as long.
const leastPart = 16

// longestPath bounds a path, in bytes.
const longestPath = 500

// usedPath is a connector's path.
type usedPath struct {
	connector string
	path      secret.Value
}

// readPath reads a further path at which a connector's hook answers, for senders that
// build it themselves, such as a retired connector's. It is as secret as the hook's
// URL.
func (f *File) readPath(body *hclsyntax.Body, name string) (secret.Value, *hcl.Range) {
	s, ok := f.readSecret(body, "path", `a path such as "/webhookb2/…/IncomingWebhook/…"`)
	if !ok {
		return secret.Value{}, nil
	}
	f.warnLiteral("path", s)
	text, err := s.value.Reveal()
	if err != nil {
		f.error("Secret that cannot be read", fmt.Sprintf("The attribute path cannot be read: %s.", err), s.place)
		return secret.Value{}, nil
	}
	if language.IsPlaceholder(text) {
		return s.value, &s.place
	}
	if problem := pathProblem(text); problem != "" {
		f.error("Not a path for a hook", "The attribute path "+problem, s.place)
		return secret.Value{}, nil
	}
	for _, p := range f.paths {
		if p.path.Equal(s.value) {
			f.error("Path in use", fmt.Sprintf("The connector %q has the same path. A path belongs to one connector.", p.connector), s.place)
			return secret.Value{}, nil
		}
	}
	f.paths = append(f.paths, usedPath{connector: name, path: s.value})
	return s.value, &s.place
}

// readExpires reads the day, or the time, from which on a hook accepts nothing.
func (f *File) readExpires(body *hclsyntax.Body) (time.Time, *hcl.Range) {
	s, ok := f.readText(body, "expires", `a day such as "2027-01-31"`)
	if !ok {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s.text(), time.Local); err == nil {
			return at, &s.place
		}
	}
	f.error("Not a day", fmt.Sprintf("The attribute expires cannot be %s. Write the day on which the hook ends, such as \"2027-01-31\", or a time such as \"2027-01-31T18:00:00+01:00\".", s.shown()), s.place)
	return time.Time{}, nil
}

// pathProblem says what is wrong with a path without showing it.
func pathProblem(text string) string {
	if strings.Contains(text, "://") {
		return "is the part of a URL after the host, starting with a slash."
	}
	u, err := url.ParseRequestURI(text)
	first, _, _ := strings.Cut(strings.TrimPrefix(text, "/"), "/")
	switch {
	case err != nil, !strings.HasPrefix(text, "/"), strings.ContainsAny(text, "?# %"), path.Clean(text) != text, u.Path != text:
		return "is a path as written in a URL: it starts with a slash, does not end with one, and has no empty or dot parts and no %, ? or #."
	case slices.Contains([]string{"hooks", "healthz", "sign-in"}, first):
		return fmt.Sprintf("cannot start with /%s, which the relay uses itself.", first)
	case len(text) > longestPath:
		return fmt.Sprintf("is longer than %d characters.", longestPath)
	case !slices.ContainsFunc(strings.Split(text, "/"), func(part string) bool { return len(part) >= leastPart }):
		return fmt.Sprintf("needs an unguessable part of %d characters or more: whoever knows the path can post.", leastPart)
	}
	return ""
}
