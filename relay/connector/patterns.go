package connector

import (
	"path"
	"slices"
	"strings"
)

// Matches reports whether a name is like any of the patterns, which are those of
// file names (path.Match) without regard to capitals; unlike there, * also stands for
// slashes. It is for arguments that choose kinds, people, branches and the like. A
// pattern that cannot be read matches nothing; see [IsPattern].
func Matches(patterns []string, name string) bool {
	name = flat(name)
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(flat(p), name)
		return ok && err == nil
	})
}

// IsPattern reports whether a pattern can be read, for [Validator].
func IsPattern(pattern string) bool {
	_, err := path.Match(pattern, "")
	return err == nil
}

// flat takes the meaning out of capitals and slashes.
func flat(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") }
