package memory

import "syscall"

// fromProcess is the process's own limit (ulimit -d and -v).
func fromProcess() (uint64, error) {
	least := uint64(1) << 62
	for _, which := range []int{syscall.RLIMIT_DATA, syscall.RLIMIT_AS} {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(which, &limit); err != nil {
			return 0, err
		}
		least = min(least, limit.Cur)
	}
	return least, nil
}
