package secret

import (
	"math/bits"
	"slices"
	"strings"
)

// needles finds which of many texts another text begins with. A relay with ten thousand
// feeds has a hundred thousand, and searches for them at every position of every line
// that it logs.
type needles struct {
	// list is sorted, and holds none twice.
	list []string
	// within is, for each text, the longest other one that it begins with, or -1.
	within []int
	// filter has a bit set for the hash of each text's beginning, which rules out most
	// positions.
	filter []uint64
}

// newNeedles indexes texts of at least shortest bytes.
func newNeedles(texts []string) *needles {
	slices.Sort(texts)
	n := &needles{list: slices.Compact(texts)}
	n.within = make([]int, len(n.list))
	n.filter = make([]uint64, 1<<bits.Len(uint(len(n.list)/8)))
	var open []int // those that the last text begins with, the longest last
	for i, text := range n.list {
		for len(open) > 0 && !strings.HasPrefix(text, n.list[open[len(open)-1]]) {
			open = open[:len(open)-1]
		}
		n.within[i] = -1
		if len(open) > 0 {
			n.within[i] = open[len(open)-1]
		}
		open = append(open, i)
		h := n.hash(text)
		n.filter[h/64] |= 1 << (h % 64)
	}
	return n
}

// hash is the position of a text's beginning in the filter.
func (n *needles) hash(text string) uint64 {
	var h uint64
	for i := range shortest {
		h = h<<8 | uint64(text[i])
	}
	h *= 0x9E3779B97F4A7C15 // Knuth's multiplicative hash
	return h >> (64 - 6 - bits.Len(uint(len(n.filter)-1)))
}

// longest is the length of the longest needle that a text begins with, or 0.
func (n *needles) longest(text string) int {
	if n == nil || len(text) < shortest {
		return 0
	}
	if h := n.hash(text); n.filter[h/64]&(1<<(h%64)) == 0 {
		return 0
	}
	at, found := slices.BinarySearch(n.list, text)
	if found {
		return len(text)
	}
	// Everything between a beginning of the text and the text begins with it too.
	for at--; at >= 0; at = n.within[at] {
		if strings.HasPrefix(text, n.list[at]) {
			return len(n.list[at])
		}
	}
	return 0
}
