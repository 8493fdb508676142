package connector

import (
	"path"
	"slices"
	"strings"
)

// Patterns is the type of an argument that chooses kinds, people, branches and the like
// by their names. A pattern is written as for file names (path.Match) and ignores case;
// unlike there, * also matches slashes. An argument with an invalid pattern is refused
// before [Validator] is asked.
type Patterns []string

// Match reports whether a name matches any of the patterns.
func (p Patterns) Match(name string) bool {
	name = flat(name)
	return slices.ContainsFunc(p, func(pattern string) bool {
		ok, err := path.Match(flat(pattern), name)
		return ok && err == nil
	})
}

// Valid reports whether all of the patterns are valid. An invalid one matches nothing.
func (p Patterns) Valid() bool {
	return !slices.ContainsFunc(p, func(pattern string) bool {
		_, err := path.Match(pattern, "")
		return err != nil
	})
}

// flat makes capitals and slashes ordinary characters.
func flat(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") }
