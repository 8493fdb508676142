package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/connector-relay/relay/relay/connector"
)

// Host runs the plugins of the adopted [Set] and makes calls on them. It is safe
// for concurrent use.
type Host struct {
	o        Options
	limits   limits
	launcher *launcher
	metrics  *metrics
	current  atomic.Pointer[Set]
	closing  chan struct{}

	mu       sync.Mutex
	plugins  map[string]*supervised // by identity
	retiring sync.WaitGroup
	dir      string
	closed   bool
}

// New returns a host that runs nothing yet.
func New(o Options) *Host {
	return &Host{
		o: o, limits: o.limits.orDefaults(), launcher: newLauncher(), metrics: newMetrics(o.Metrics),
		closing: make(chan struct{}), plugins: make(map[string]*supervised),
	}
}

// Prepare runs the plugins of a new configuration: it launches new ones and shares
// those that run unchanged. If one does not start, or two implement the same connector
// type, it stops what it launched and returns all problems as the error. Otherwise the
// caller must [Host.Adopt] or [Set.Discard] the set.
//
// Plugins merely found in the plugin directory are awaited, and can fail Prepare, only
// while a needed connector type is missing. Otherwise they fail alone, and
// [Host.Status] says why.
//
// A spec with the path and arguments of an earlier one is skipped, so that a plugin
// block can configure a plugin in the plugin directory.
func (h *Host) Prepare(ctx context.Context, specs []Spec, needed ...string) (*Set, error) {
	set := &Set{host: h, needed: needed, types: make(map[string]connector.Type), owners: make(map[string]*supervised)}
	var problems []error
	for i, spec := range specs {
		if slices.ContainsFunc(specs[:i], spec.sameExecutable) {
			continue
		}
		if j := slices.IndexFunc(specs[:i], func(o Spec) bool { return o.Name == spec.Name }); j >= 0 {
			err := fmt.Errorf("two plugins are named %q: %s and %s; rename one", spec.Name, specs[j].Path, spec.Path)
			if !spec.Found {
				problems = append(problems, err)
				continue
			}
			spec.Name, spec.Unfit = filepath.Base(spec.Path), err
		}
		p, err := h.use(spec)
		switch {
		case err == nil:
			set.plugins = append(set.plugins, p)
		case spec.Found:
			set.unusable = append(set.unusable, Status{Spec: spec, Problem: err.Error()})
		default:
			problems = append(problems, fmt.Errorf("plugin %q: %w", spec.Name, err))
		}
	}
	problems = append(problems, set.start(ctx)...)
	if len(problems) > 0 {
		set.Discard()
		return nil, errors.Join(problems...)
	}
	return set, nil
}

func (s Spec) sameExecutable(o Spec) bool {
	return !s.Bundled && !o.Bundled && s.Path == o.Path && slices.Equal(s.Args, o.Args)
}

// use returns the plugin for a spec: the running one, if there is one.
func (h *Host) use(spec Spec) (*supervised, error) {
	id, err := spec.identity()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed
	}
	p, ok := h.plugins[id]
	if !ok {
		p = newSupervised(h, spec, id)
		h.plugins[id] = p
	}
	p.uses++
	return p, nil
}

// release gives back what use returned and reports whether that was the last use.
func (h *Host) release(p *supervised) (last bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.uses--
	if p.uses > 0 {
		return false
	}
	delete(h.plugins, p.id)
	h.retiring.Add(1)
	return true
}

// Adopt directs calls to the set's plugins from now on. Plugins that are no longer
// needed end once their calls have ended, or after a while.
func (h *Host) Adopt(s *Set) {
	old := h.current.Swap(s)
	if old == nil {
		return
	}
	for _, p := range old.take() {
		if h.release(p) {
			go func() {
				defer h.retiring.Done()
				p.retire()
			}()
		}
	}
}

// Status returns the state of the adopted set's plugins, sorted by name.
func (h *Host) Status() []Status {
	set := h.current.Load()
	if set == nil {
		return nil
	}
	var list []Status
	for _, p := range set.list() {
		s := p.status()
		if s.Problem == "" {
			s.Problem = set.contested(p, s.Types)
		}
		list = append(list, s)
	}
	list = append(list, set.unusable...)
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Types returns the connector types of the adopted set by name; the map must not be changed.
func (h *Host) Types() map[string]connector.Type {
	if set := h.current.Load(); set != nil {
		return set.Types()
	}
	return nil
}

// Log returns the end of a plugin's log, without secrets, oldest line first. It reports
// whether there is such a plugin.
func (h *Host) Log(name string) ([]LogLine, bool) {
	if set := h.current.Load(); set != nil {
		for _, p := range set.list() {
			if p.spec.Name == name {
				return p.tail.all(), true
			}
		}
	}
	return nil, false
}

// Close ends all plugins and the calls under way, and returns when no process is left.
// A second call does nothing.
func (h *Host) Close() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	var all []*supervised
	for _, p := range h.plugins {
		all = append(all, p)
	}
	h.mu.Unlock()
	close(h.closing)
	for _, p := range all {
		p.cancel()
	}
	for _, p := range all {
		<-p.done
	}
	h.retiring.Wait()
	h.launcher.close()
	h.metrics.unregister()
	if h.dir != "" {
		_ = os.RemoveAll(h.dir)
	}
}

// longestTemp bounds the path of the directory for temporary files, because the paths
// of sockets below it are limited to about a hundred bytes.
const longestTemp = 40

// socketBase is where the sockets' directory is made: among the temporary files, unless
// that path is too long for sockets.
func socketBase() string {
	if dir := os.TempDir(); len(dir) <= longestTemp {
		return dir
	}
	return "/tmp"
}

// tempDir creates a private directory for one generation's socket.
func (h *Host) tempDir() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dir != "" {
		dir, err := os.MkdirTemp(h.dir, "")
		// A clean-up of temporary files may have removed it.
		if !errors.Is(err, fs.ErrNotExist) {
			return dir, wrapTemp(err)
		}
	}
	dir, err := os.MkdirTemp(socketBase(), "relay-plugins-")
	if err != nil {
		return "", wrapTemp(err)
	}
	h.dir = dir
	dir, err = os.MkdirTemp(h.dir, "")
	return dir, wrapTemp(err)
}

func wrapTemp(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("create a directory for a plugin's socket: %w", err)
}

func (h *Host) mask(text string) string {
	if h.o.Mask == nil {
		return text
	}
	return h.o.Mask(text)
}

// masked removes secrets from an error's text and keeps the error's identity.
func (h *Host) masked(err error) error {
	if err == nil {
		return nil
	}
	if text := h.mask(err.Error()); text != err.Error() {
		return &maskedError{text: text, err: err}
	}
	return err
}

type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.err }
