package pluginhost

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// found is a plugin that lies in the plugin directory.
func found(t testing.TB, mode string) Spec {
	s := spec(t, mode)
	s.Found = true
	return s
}

// unfit is one that must not run.
func unfit(t testing.TB, mode string) Spec {
	s := found(t, mode)
	s.Unfit = errors.New("everybody can write to it")
	return s
}

// TestWhatNobodyNeedsFailsAlone: neither a plugin that cannot start nor one that takes
// for ever keeps the others from running, and the status says why it does not.
func TestWhatNobodyNeedsFailsAlone(t *testing.T) {
	for name, specs := range map[string][]Spec{
		"beside a plugin that is named": {spec(t, "good"), found(t, "crash-at-start"), found(t, "hang-at-start"), unfit(t, "other")},
		"beside another that was found": {found(t, "crash-at-start"), found(t, "good"), found(t, "hang-at-start"), unfit(t, "other")},
		"before one that starts late":   {found(t, "hang-at-start"), unfit(t, "other"), found(t, "crash-at-start"), found(t, "good")},
	} {
		t.Run(name, func(t *testing.T) {
			limits := quick()
			limits.Start, limits.Restart = time.Hour, time.Hour
			h, l := newHost(t, Options{limits: limits})
			for range 2 {
				set, err := h.Prepare(t.Context(), specs, "good")
				if err != nil {
					t.Fatal(err)
				}
				h.Adopt(set)
			}
			receive(t, h, source(""), Request{})
			eventually(t, "the status says what is wrong", func() bool {
				status := h.Status() // by name
				return strings.Contains(status[0].Problem, "cannot find the licence file") && status[1].Running && status[1].Problem == "" &&
					!status[2].Running && status[2].Problem == "" && status[3].Problem == "everybody can write to it"
			})
			eventually(t, "the log says so", func() bool { return contains(l, `"plugin":"crash-at-start"`, "cannot find the licence file") })
		})
	}
}

// TestWhatWasFoundMayBeWhatIsMissing: while a needed type has no plugin, whatever was
// found may be the one.
func TestWhatWasFoundMayBeWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		specs []Spec
		want  []string
	}{
		"it does not start":    {[]Spec{spec(t, "other"), found(t, "crash-at-start")}, []string{"licence file"}},
		"it must not run":      {[]Spec{spec(t, "other"), unfit(t, "good")}, []string{"everybody can write to it"}},
		"it is one of several": {[]Spec{found(t, "hang-at-start"), found(t, "crash-at-start"), unfit(t, "good")}, []string{"not ready within 2s", "licence file", "everybody can write to it"}},
	} {
		t.Run(name, func(t *testing.T) {
			limits := quick()
			limits.Start = 2 * time.Second
			h, _ := newHost(t, Options{limits: limits})
			_, err := h.Prepare(t.Context(), c.specs, "good")
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("the error %v does not say %q", err, want)
				}
			}
		})
	}
}

// TestOfTwoThatWereFoundNeitherIsMeant by a connector; as long as there is none, they do
// no harm.
func TestOfTwoThatWereFoundNeitherIsMeant(t *testing.T) {
	h, _ := newHost(t, Options{})
	specs := []Spec{found(t, "good"), found(t, "twin")}
	adopt(t, h, specs...)
	eventually(t, "both run", func() bool { return h.Status()[0].Running && h.Status()[1].Running })
	adopt(t, h, specs...)
	const want = `connector type "good" is implemented by two plugins, "good" and "twin"; remove one`
	if problem := h.Status()[1].Problem; problem != want {
		t.Errorf("the status says %q", problem)
	}
	if _, err := h.Prepare(t.Context(), specs, "good"); err == nil || err.Error() != want {
		t.Errorf("when one is needed: %v", err)
	}
}

// TestWhatIsNamedComesBeforeWhatWasFound of the same type.
func TestWhatIsNamedComesBeforeWhatWasFound(t *testing.T) {
	h, _ := newHost(t, Options{})
	adopt(t, h, found(t, "twin"), spec(t, "good"))
	receive(t, h, source(""), Request{})
	eventually(t, "the status tells of it", func() bool {
		status := h.Status()
		return status[0].Problem == "" && strings.Contains(status[1].Problem, `is implemented by two plugins, "good" and "twin"`)
	})
}

func TestTheLogSaysWhatIsWaitedFor(t *testing.T) {
	limits := quick()
	limits.Start, limits.Tell = 2*time.Second, 10*time.Millisecond
	h, l := newHost(t, Options{limits: limits})
	if _, err := h.Prepare(t.Context(), []Spec{spec(t, "hang-at-start")}); err == nil {
		t.Fatal("it started")
	}
	if n := strings.Count(l.String(), "waiting for plugin hang-at-start to start"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
}
