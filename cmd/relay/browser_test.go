package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a headless Chromium.
type browser struct{ ctx context.Context }

func startBrowser(t testing.TB, flags ...chromedp.ExecAllocatorOption) browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true))
	ctx, end := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium is needed (scripts/test installs it): %v", err)
	}
	return browser{ctx}
}

// look is how a window shows a page.
type look struct {
	width, height int64
	phone, dark   bool
}

func desktop() look { return look{width: 1280, height: 800} }

func phone() look { return look{width: 390, height: 844, phone: true} }

func (l look) inDark() look { l.dark = true; return l }

func looks() map[string]look {
	return map[string]look{"desktop": desktop(), "desktop in the dark": desktop().inDark(), "phone": phone(), "phone in the dark": phone().inDark()}
}

// window is a window of a browser, with cookies of its own.
type window struct {
	t   testing.TB
	ctx context.Context
	// hosts are those that a page may ask.
	hosts []string

	mu sync.Mutex
	// faulty is what the browser complains about, and what a page asked of another host.
	faulty []string
}

// open opens a window with a page. In the end nothing may have been wrong in it, and it
// must have asked no host but the page's own, and those named.
func (b browser) open(t testing.TB, l look, address string, others ...string) *window {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &window{t: t, ctx: ctx, hosts: append(others, u.Host)}
	w.turn(l)
	// Nobody is there to allow it.
	copying := cdpbrowser.SetPermissionParams{Permission: &cdpbrowser.PermissionDescriptor{Name: "clipboard-write"}, Setting: cdpbrowser.PermissionSettingGranted}
	if _, err := chromedp.CallBrowser(ctx, cdpbrowser.SetPermission, copying); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if faults := w.faults(); len(faults) > 0 {
			t.Errorf("the browser complains: %q", faults)
		}
	})
	w.visit(address)
	return w
}

// turn makes a window show its page in another way.
func (w *window) turn(l look) {
	w.t.Helper()
	theme, how := "light", []chromedp.EmulateViewportOption(nil)
	if l.dark {
		theme = "dark"
	}
	if l.phone {
		how = append(how, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	do(w, chromedp.EmulateViewport(l.width, l.height, how...))
	call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// do does something in a window, and returns what it comes to.
func do[A any](w *window, what chromedp.Action[A]) A {
	w.t.Helper()
	a, err := chromedp.Run(w.ctx, what)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func call[P, A any](w *window, command cdp.Command[P, A], params P) A {
	w.t.Helper()
	a, err := chromedp.Call(w.ctx, command, params)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// hear keeps what the browser complains about, and what a page asks of other hosts.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		// That a form was refused is no fault.
		if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.Text, "status of 4") {
			w.faulty = append(w.faulty, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		w.faulty = append(w.faulty, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || !slices.Contains(w.hosts, u.Host) && u.Scheme != "data" {
			w.faulty = append(w.faulty, "the page asked for "+e.Request.URL)
		}
	}
}

// faults are what has gone wrong in the window so far.
func (w *window) faults() []string {
	_, _ = chromedp.Run(w.ctx, chromedp.Evaluate[int]("0")) // anything that is still to come
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.faulty)
}

// visit goes to an address, or to a path on the same host.
func (w *window) visit(address string) {
	w.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = do(w, chromedp.Evaluate[string]("location.origin")) + address
	}
	if do(w, chromedp.NavigateResponse(address)) == nil {
		w.t.Fatalf("%s does not answer", address)
	}
}

// ask returns what a JavaScript expression comes to; nothing while the page changes.
func ask[A any](w *window, expression string) A {
	a, _ := chromedp.Run(w.ctx, chromedp.Evaluate[A](expression))
	return a
}

// text is what a person reads on the page.
func (w *window) text() string { return ask[string](w, "document.body.innerText") }

// eventually waits for something in the window.
func (w *window) eventually(what string, ok func() bool) {
	w.t.Helper()
	eventually(w.t, what, ok, func() string { return ask[string](w, "location.href") + "\n" + w.text() })
}

// reads waits until the page shows these texts.
func (w *window) reads(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		w.eventually(fmt.Sprintf("the page says %q", text), func() bool { return strings.Contains(w.text(), text) })
	}
}

// lands waits until the window is at a path, and the page is whole.
func (w *window) lands(path string) {
	w.t.Helper()
	w.eventually("the page is "+path, func() bool {
		return ask[string](w, `document.readyState === "complete" ? location.pathname : ""`) == path
	})
}

//go:embed testdata/browser/find.js
var findScript string

// find waits for what has a name, and returns where it is.
func (w *window) find(fields bool, name string) (x, y float64) {
	w.t.Helper()
	script := fmt.Sprintf(`(() => {
		const e = document.readyState === "complete" && %s(%t, %q);
		if (!e) return [];
		window.found = e;
		e.scrollIntoView({ block: "center" });
		const r = e.getClientRects()[0] || e.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
		const top = document.elementFromPoint(x, y);
		return e.contains(top) || (top && top.contains(e)) || e.type === "file" ? [x, y] : [];
	})()`, strings.TrimSpace(findScript[strings.Index(findScript, "("):]), fields, name)
	var at []float64
	w.eventually(fmt.Sprintf("%q can be reached", name), func() bool { at = ask[[]float64](w, script); return len(at) == 2 })
	return at[0], at[1]
}

// press clicks what has a name: a button, a link, what unfolds something.
func (w *window) press(name string) {
	w.t.Helper()
	x, y := w.find(false, name)
	do(w, chromedp.MouseClickXY(x, y))
}

// fill writes into a field.
func (w *window) fill(name, text string) {
	w.t.Helper()
	w.find(true, name)
	ask[int](w, `window.found.focus(), window.found.select && window.found.select(), 0`)
	call(w, input.InsertText, input.InsertTextParams{Text: text})
	if got := ask[string](w, "window.found.value"); got != text {
		w.t.Errorf("%q holds %q, want %q", name, got, text)
	}
}

// choose chooses an option.
func (w *window) choose(name, option string) {
	w.t.Helper()
	w.find(true, name)
	if !ask[bool](w, fmt.Sprintf(`(() => {
		const o = [...window.found.options].find(o => o.text.trim().startsWith(%q));
		if (!o) return false;
		window.found.value = o.value;
		for (const e of ["input", "change"]) window.found.dispatchEvent(new Event(e, { bubbles: true }));
		return true;
	})()`, option)) {
		w.t.Fatalf("%q has no option %q", name, option)
	}
}

// tick makes sure that a box is ticked.
func (w *window) tick(name string) {
	w.t.Helper()
	if x, y := w.find(true, name); !ask[bool](w, "window.found.checked") {
		do(w, chromedp.MouseClickXY(x, y))
	}
	if !ask[bool](w, "window.found.checked") {
		w.t.Errorf("%q is not ticked", name)
	}
}

// upload chooses a file.
func (w *window) upload(name, path string) {
	w.t.Helper()
	w.find(true, name)
	do(w, chromedp.SetUploadFiles(chromedp.JSPath("window.found"), []string{path}))
}

// key presses a key.
func (w *window) key(keys string) {
	w.t.Helper()
	do(w, chromedp.KeyEvent(keys))
}

// promised is what the promise comes to that a JavaScript expression makes.
func promised(w *window, expression string) string {
	w.t.Helper()
	return do(w, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
}

// cookies are those of the window, as a request carries them.
func (w *window) cookies() string {
	w.t.Helper()
	var list []string
	for _, c := range call(w, network.GetCookies, network.GetCookiesParams{}).Cookies {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}
