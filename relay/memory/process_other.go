//go:build !linux

package memory

// fromProcess is not asked for elsewhere.
func fromProcess() (uint64, error) { return 0, nil }
