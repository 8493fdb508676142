// Package memory limits Go's collector to the memory that a process may use, so that
// load costs time instead of the process.
package memory

import (
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Of the memory of a machine or control group, the relay's process keeps to a half and
// each plugin to a quarter: two plugins are hardly ever busy at a time, and the kernel
// needs some for files.
const (
	Daemon = 2
	Plugin = 4
)

// Limit sets the collector's limit to a part of the available memory and returns it, or
// 0 if that is unknown. It keeps an operator's GOMEMLIMIT.
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

// share is a part of the available memory less a tenth for memory outside Go's heap, or
// 0 if unknown.
func share(of memlimit.Provider, part uint64) int64 {
	all, err := of()
	if err != nil || all == 0 || all > 1<<60 {
		return 0
	}
	return int64(all / part / 10 * 9)
}

// smallest is the smallest known limit.
func smallest(limits ...int64) int64 {
	least := int64(0)
	for _, l := range limits {
		if l > 0 && (least == 0 || l < least) {
			least = l
		}
	}
	return least
}
