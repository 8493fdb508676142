package relay

import (
	"maps"
	"slices"
)

// compare says what became of the named things of one sort, in order of name.
func compare(sort string, old, now map[string]string) []string {
	var changes []string
	names := slices.Sorted(maps.Keys(merge(old, now)))
	for _, name := range names {
		before, was := old[name]
		after, is := now[name]
		switch {
		case !was:
			changes = append(changes, sort+" "+name+" is new")
		case !is:
			changes = append(changes, sort+" "+name+" is gone")
		case before != after:
			changes = append(changes, sort+" "+name+" has changed")
		}
	}
	return changes
}

func merge(a, b map[string]string) map[string]string {
	m := maps.Clone(a)
	maps.Copy(m, b)
	return m
}
