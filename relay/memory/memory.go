// Package memory makes Go's collector keep to what a process may use, so that a load
// costs time instead of the process.
package memory

import (
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Of the memory that a machine or a control group has, the relay's own process keeps
// to a half and each plugin's to a quarter: hardly two plugins are busy at a time, and
// the kernel needs some for files.
const (
	Daemon = 2
	Plugin = 4
)

// Limit sets the collector's limit to a part of the memory that there is, and returns
// it; 0 when nobody knows how much there is. What an operator has set by GOMEMLIMIT
// stays.
func Limit(part uint64) int64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		return debug.SetMemoryLimit(-1)
	}
	limit := smallest(share(memlimit.FromCgroup, part), share(memlimit.FromSystem, part), share(fromProcess, 1))
	if limit == 0 {
		return 0
	}
	debug.SetMemoryLimit(limit)
	return limit
}

// share is a part of what there is, with a tenth to spare for what is not Go's; 0 when
// that is not known.
func share(of memlimit.Provider, part uint64) int64 {
	all, err := of()
	if err != nil || all == 0 || all > 1<<60 {
		return 0
	}
	return int64(all / part / 10 * 9)
}

// smallest is the smallest that is known.
func smallest(limits ...int64) int64 {
	least := int64(0)
	for _, l := range limits {
		if l > 0 && (least == 0 || l < least) {
			least = l
		}
	}
	return least
}
