package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// subject is a program under load: where to post for each lane.
type subject struct {
	cmd   *exec.Cmd
	hooks []string
	// dashboard is the address of the relay's pages.
	dashboard string
}

func (s *subject) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// memory returns the resident set of the process and its children, in bytes.
func (s *subject) memory() (int, error) {
	total := 0
	pids, err := exec.Command("pgrep", "-P", strconv.Itoa(s.cmd.Process.Pid)).Output()
	if _, none := errors.AsType[*exec.ExitError](err); err != nil && !none {
		return 0, fmt.Errorf("list plugin processes: %w", err)
	}
	for _, pid := range append(strings.Fields(string(pids)), strconv.Itoa(s.cmd.Process.Pid)) {
		b, err := os.ReadFile("/proc/" + pid + "/statm")
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		pages, err := strconv.Atoi(strings.Fields(string(b))[1])
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		total += pages * os.Getpagesize()
	}
	return total, nil
}

func startBare(ctx context.Context, o options, endpoint string) (*subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &subject{cmd: exec.CommandContext(ctx, self, "bare", listen, endpoint)}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	for i := range o.lanes {
		s.hooks = append(s.hooks, fmt.Sprintf("http://%s/hooks/%d", listen, i))
	}
	return s, waitFor(ctx, listen)
}

// startRelay runs the relay with a hook and a channel for each lane. The extra
// configuration is put behind.
func startRelay(ctx context.Context, o options, endpoint, dir, extra string) (*subject, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dashboard, err := freeAddress()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "relay {\n  listen = %q\n  log = \"error\"\n}\ndashboard {\n  listen = %q\n}\n", listen, dashboard)
	for i := range o.lanes {
		fmt.Fprintf(&b, "channel \"c%d\" {\n  type = \"office365\"\n  url = \"%s/%d\"\n  rate = \"1000000/s\"\n}\n", i, endpoint, i)
		fmt.Fprintf(&b, "connector \"webhook\" \"h%d\" {\n  quota {\n    events_per_hour = 1000000000\n  }\n  route {\n    to = [channel.c%d]\n  }\n}\n", i, i)
	}
	b.WriteString(extra)
	config := filepath.Join(dir, "relay.hcl")
	if err := os.WriteFile(config, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	s := &subject{cmd: exec.CommandContext(ctx, o.relay, "run", "-c", config), dashboard: dashboard}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := waitFor(ctx, listen); err != nil {
		return nil, err
	}
	s.hooks, err = hooks(ctx, o, config, listen)
	return s, err
}

// hooks asks the relay for its hook URLs, in the order of the lanes.
func hooks(ctx context.Context, o options, config, listen string) ([]string, error) {
	out, err := exec.CommandContext(ctx, o.relay, "connectors", "--json", "-c", config).Output()
	if err != nil {
		return nil, fmt.Errorf("ask for the hook URLs: %w", err)
	}
	var connectors []struct {
		Name    string `json:"name"`
		HookURL string `json:"hook_url"`
	}
	if err := json.Unmarshal(out, &connectors); err != nil {
		return nil, fmt.Errorf("read the hook URLs: %w", err)
	}
	list := make([]string, o.lanes)
	for _, c := range connectors {
		var i int
		if _, err := fmt.Sscanf(c.Name, "h%d", &i); err != nil {
			continue
		}
		_, token, _ := strings.Cut(c.HookURL, "/hooks/")
		list[i] = "http://" + listen + "/hooks/" + token
	}
	return list, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// waitFor waits until a program listens.
func waitFor(ctx context.Context, listen string) error {
	for range 400 {
		resp, err := http.Get("http://" + listen + "/healthz")
		if err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
	return fmt.Errorf("nothing listens at %s", listen)
}
