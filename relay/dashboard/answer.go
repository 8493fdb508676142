package dashboard

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// page answers a request. An error becomes a page that says what is wrong: in the relay's
// own words when it is about the request, and otherwise only in the log.
type page func(r *http.Request) (answer, error)

// answer is what a page comes to: a [view], or a [redirect].
type answer interface {
	write(d *Dashboard, w http.ResponseWriter, r *http.Request)
}

// view is a page to be drawn.
type view struct {
	// Template draws Page inside the frame.
	Template string
	Page     any
	Title    string
	// Trail leads to where the page belongs.
	Trail []link
	// Live is the channel whose news the page shows, or "*" for all; without it, the page
	// stays as it is.
	Live string
	// Status is 200 when it is 0.
	Status int
}

// link is a name and where it leads.
type link struct{ Name, URL string }

// frame is what a view shows around its content.
type frame struct {
	view
	Version string
	// Me is who looks, if she has signed in.
	Me     *access.Person
	Places []place
	// Said is what the last change came to; nil when there was none.
	Said *mark
	Body template.HTML
}

// write draws the page whole or not at all.
func (v view) write(d *Dashboard, w http.ResponseWriter, r *http.Request) {
	f := frame{view: v, Version: d.options.Version, Said: takeFlash(w, r)}
	if me, ok := access.From(r.Context()); ok {
		f.Me, f.Places = &me, places(me, r.URL.Path)
	}
	var body, whole bytes.Buffer
	err := d.templates.ExecuteTemplate(&body, v.Template, v.Page)
	if err == nil {
		f.Body = template.HTML(body.String())
		err = d.templates.ExecuteTemplate(&whole, "frame.html", f)
	}
	if err != nil {
		d.options.Log.Error().Err(err).Str("page", v.Template).Msg("a page could not be drawn")
		http.Error(w, "The page could not be drawn.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(max(v.Status, http.StatusOK))
	_, _ = whole.WriteTo(w)
}

// redirect leads to another page after a change, so that loading that page again repeats
// nothing.
type redirect struct {
	to   string
	said mark
}

// seeOther leads to a page that says what a change came to.
func seeOther(to, said string) redirect { return redirect{to, mark{good, said}} }

// turnBack leads to a page that says why nothing was changed.
func turnBack(to, said string) redirect { return redirect{to, mark{bad, said}} }

func (a redirect) write(_ *Dashboard, w http.ResponseWriter, r *http.Request) {
	leaveFlash(w, r, a.said)
	http.Redirect(w, r, a.to, http.StatusSeeOther)
}

// serve returns a page's handler. What is posted to it has been read into r.PostForm,
// within bounds.
func (d *Dashboard) serve(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var a answer
		err := readForm(w, r)
		if err == nil {
			a, err = p(r)
		}
		if err != nil {
			a = d.failed(err)
		}
		a.write(d, w, r)
	}
}

// failed returns the page that says what went wrong.
func (d *Dashboard) failed(err error) view {
	type trouble struct{ Said, Detail string }
	show := func(status int, said, detail string) view {
		return view{Template: "trouble.html", Title: http.StatusText(status), Status: status, Page: trouble{said, detail}}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, operator.ErrNotFound):
		return show(http.StatusNotFound, "There is no such page, or what it showed was removed after the retention time.", detail(err, operator.ErrNotFound))
	case errors.As(err, &tooLarge):
		return show(http.StatusRequestEntityTooLarge, "That is more than this form takes.", "")
	case errors.Is(err, operator.ErrForbidden):
		return show(http.StatusForbidden, "You may not do this.", detail(err, operator.ErrForbidden))
	case errors.Is(err, operator.ErrConflict):
		return show(http.StatusConflict, "Somebody else has changed it since you looked.", detail(err, operator.ErrConflict))
	case errors.Is(err, operator.ErrBusy):
		return show(http.StatusServiceUnavailable, "The relay is busy with other requests, or you are asking too often. Try again in a moment.", detail(err, operator.ErrBusy))
	case errors.Is(err, operator.ErrInvalid):
		return show(http.StatusUnprocessableEntity, "That cannot be done as asked.", detail(err, operator.ErrInvalid))
	}
	d.options.Log.Error().Err(err).Msg("a page failed")
	return show(http.StatusInternalServerError, "Something went wrong; the relay's log says what.", "")
}

// detail is what an error says beyond its meaning.
func detail(err, meaning error) string {
	if text := err.Error(); text != meaning.Error() {
		return strings.TrimPrefix(text, meaning.Error()+": ")
	}
	return ""
}
