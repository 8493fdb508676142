package intake

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestOperatorsHearOfClosedHooks posts to hooks of all sorts for three days.
func TestOperatorsHearOfClosedHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, told := newMemory(), &notices{}
		o := options(m, &plugins{receive: one})
		o.Notify = told.add
		off := receiving(t, "off")
		off.Enabled = false
		i := start(t, o, receiving(t, "open"), receiving(t, "gone"), off)
		if err := i.Apply(t.Context(), []Spec{receiving(t, "open"), off}); err != nil {
			t.Fatal(err)
		}
		for range 3 * 24 {
			for name, want := range map[string]int{"open": http.StatusOK, "gone": http.StatusNotFound, "off": http.StatusServiceUnavailable, "nobody": http.StatusNotFound} {
				if w := request(i, http.MethodPost, "/hooks/token-of-"+name, "a"); w.Code != want {
					t.Errorf("%s answered %d, want %d", name, w.Code, want)
				}
			}
			time.Sleep(time.Hour + time.Second)
		}
		synctest.Wait()
		counts := make(map[string]int)
		for _, n := range told.take() {
			counts[n.Connector+" "+n.Health]++
		}
		if len(counts) != 2 || counts["gone removed"] != 3 || counts["off disabled"] != 3 {
			t.Errorf("the operators were told %v, want of each once a day", counts)
		}
	})
}

// TestAHookExpires: from its last day on it answers like an address that never existed,
// and the operators hear of who still calls there.
func TestAHookExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &notices{}
		o := options(newMemory(), &plugins{receive: one})
		o.Notify = told.add
		c := receiving(t, "ci")
		c.Expires = time.Now().Add(time.Hour)
		i := start(t, o, c)
		for _, want := range []int{http.StatusOK, http.StatusNotFound} {
			if w := request(i, http.MethodPost, "/hooks/token-of-ci", "a"); w.Code != want {
				t.Errorf("at %s it answered %d, want %d", time.Now(), w.Code, want)
			}
			time.Sleep(time.Hour)
		}
		synctest.Wait()
		if list := told.take(); len(list) != 1 || list[0].Health != expired {
			t.Errorf("the operators were told %+v", list)
		}
		if s := i.Status(); !s[0].Expires.Equal(c.Expires) {
			t.Errorf("the status says that it expires %s", s[0].Expires)
		}
	})
}

// TestWhenAHookWasUsedIsKept bounds how often that is written: once a minute for a URL,
// however often it is used, and at the end.
func TestWhenAHookWasUsedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		i := start(t, options(m, &plugins{receive: one}), receiving(t, "ci"))
		for range 180 {
			request(i, http.MethodPost, "/hooks/token-of-ci", "a")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if m.uses < 2 || m.uses > 4 {
			t.Errorf("it was kept %d times in three minutes", m.uses)
		}
		last := time.Now()
		request(i, http.MethodPost, "/hooks/token-of-ci", "a")
		halt(t, i)
		if used := m.kept("ci").HookUsed; !used.Equal(last) {
			t.Errorf("kept %v, want %v", used, last)
		}
		i = start(t, options(m, &plugins{receive: one}), receiving(t, "ci"))
		if urls := i.HookURLs(); len(urls) != 1 || !urls[0].Used.Equal(last) {
			t.Errorf("after a restart the hooks are %+v", urls)
		}
	})
}

// TestARotatedHookHasAGraceTime uses both URLs until the first ends.
func TestARotatedHookHasAGraceTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, told := newMemory(), &notices{}
		o := options(m, &plugins{receive: one})
		o.Notify = told.add
		i := start(t, o, receiving(t, "ci"))
		if err := i.Rotate(t.Context(), "ci", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		const former, now = "/hooks/token-of-ci", "/hooks/new-token-of-ci"
		post := func(path string, want int) {
			t.Helper()
			if w := request(i, http.MethodPost, path, "a"); w.Code != want {
				t.Errorf("%s answered %d, want %d", path, w.Code, want)
			}
		}
		if path := i.Status()[0].HookPath; path != now {
			t.Errorf("the hook is %s, want %s", path, now)
		}
		post(former, http.StatusOK)
		post(now, http.StatusOK)
		time.Sleep(time.Hour)
		post(former, http.StatusNotFound)
		post(now, http.StatusOK)
		synctest.Wait()
		if list := told.take(); len(list) != 1 || list[0].Connector != "ci" {
			t.Errorf("the operators were told %v", list)
		}
		var closed []string
		for _, u := range i.HookURLs() {
			closed = append(closed, u.Closed)
		}
		slices.Sort(closed)
		if !slices.Equal(closed, []string{"", rotated}) {
			t.Errorf("the hooks are closed for %q", closed)
		}
	})
}
