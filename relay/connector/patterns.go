package connector

import (
	"path"
	"slices"
	"strings"
)

// Patterns is the type of an argument that chooses kinds, people, branches and the like
// by their names. A pattern is one of file names (path.Match) without regard to capitals;
// unlike there, * also stands for slashes. An argument with one that cannot be read is
// refused before [Validator] is asked.
type Patterns []string

// Match reports whether a name is like any of the patterns.
func (p Patterns) Match(name string) bool {
	name = flat(name)
	return slices.ContainsFunc(p, func(pattern string) bool {
		ok, err := path.Match(flat(pattern), name)
		return ok && err == nil
	})
}

// Valid reports whether all of the patterns can be read. One that cannot matches nothing.
func (p Patterns) Valid() bool {
	return !slices.ContainsFunc(p, func(pattern string) bool {
		_, err := path.Match(pattern, "")
		return err != nil
	})
}

// flat takes the meaning out of capitals and slashes.
func flat(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") }
