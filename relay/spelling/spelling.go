// Package spelling finds the name that somebody meant who has mistyped it.
package spelling

import "strings"

// Nearest returns the name that was probably meant, or "". Up to a third of the
// given name's letters may be wrong; two that have changed places count once.
func Nearest(given string, names []string) string {
	best, least := "", max(1, min(3, len(given)/3))+1
	for _, name := range names {
		if d := distance(strings.ToLower(given), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, change or swap with a neighbour
// (the optimal string alignment distance). Swapped letters are the commonest
// mistake of typing; the Levenshtein distance counts them twice.
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
