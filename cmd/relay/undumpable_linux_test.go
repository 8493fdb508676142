package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestTheRelayCannotBeDumped looks at who the kernel lets read a process's memory: it
// gives the files below /proc of a process that cannot be dumped to root, whoever runs
// it.
func TestTheRelayCannotBeDumped(t *testing.T) {
	p := newProcess(t, writeConfig(t, serviceConfig+`connector "webhook" "ci" {
  route { to = [channel.lobby] }
}
`), "relay")
	if os.Getuid() == 0 {
		p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Gid: 12345}}
	}
	p.start()
	plugins, err := p.client.Plugins(t.Context())
	if err != nil || len(plugins) != 1 {
		t.Fatalf("%v, %v", plugins, err)
	}
	for name, pid := range map[string]int{"the relay": p.cmd.Process.Pid, "its plugin": plugins[0].PID} {
		info, err := os.Stat(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); s.Uid != 0 || s.Gid != 0 {
			t.Errorf("%s can be dumped: its memory belongs to %d:%d", name, s.Uid, s.Gid)
		}
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(limits)) {
			if strings.HasPrefix(line, "Max core file size") && len(strings.Fields(line)) > 4 && strings.Fields(line)[4] != "0" {
				t.Errorf("%s may leave core files: %s", name, line)
			}
		}
	}
	if !strings.Contains(p.page("/metrics"), "process_open_fds") {
		t.Error("the relay cannot read its own /proc any more")
	}
}
