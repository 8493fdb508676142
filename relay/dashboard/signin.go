package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/access/door"
	"github.com/connector-relay/relay/relay/access/openid"
	"github.com/connector-relay/relay/relay/access/password"
)

// Door lets people in and sees them out; package door says what each method promises.
type Door interface {
	Ways() door.Ways
	SignIn(w http.ResponseWriter, r *http.Request, name, password string) error
	Begin(w http.ResponseWriter, r *http.Request, to string) (string, error)
	Finish(w http.ResponseWriter, r *http.Request) (to string, err error)
	SignOut(w http.ResponseWriter, r *http.Request) error
}

// elsewherePath leads to the issuer at which people sign in.
const elsewherePath = door.SignInPath + "/elsewhere"

// signInPage is what the sign-in page shows.
type signInPage struct {
	door.Ways
	// Elsewhere leads to the issuer, and To is where somebody goes afterwards.
	Elsewhere, To string
	Name          string
	Problem       string
}

// drawSignIn draws the sign-in page, with what went wrong if something did.
func (d *Dashboard) drawSignIn(w http.ResponseWriter, r *http.Request, p signInPage, err error) {
	p.Ways = d.options.Door.Ways()
	p.Elsewhere = elsewherePath + "?to=" + url.QueryEscape(p.To)
	v := view{Template: "signin.html", Title: "Sign in"}
	if err != nil {
		v.Status, p.Problem = d.signInProblem(w, err)
	}
	v.Page = p
	v.write(d, w, r)
}

// signInProblem returns the status and the words for a sign-in that failed.
func (d *Dashboard) signInProblem(w http.ResponseWriter, err error) (status int, words string) {
	tooMany, wait := errors.AsType[door.TooManyError](err)
	switch {
	case wait:
		w.Header().Set("Retry-After", strconv.Itoa(int(tooMany.Wait/time.Second)+1))
		status = http.StatusTooManyRequests
	case errors.Is(err, password.ErrBusy), errors.Is(err, openid.ErrUnreachable):
		status = http.StatusServiceUnavailable
	case errors.Is(err, door.ErrNoRights):
		status = http.StatusForbidden
	case errors.Is(err, door.ErrWrong), errors.Is(err, door.ErrElsewhere):
		status = http.StatusUnauthorized
	default:
		d.options.Log.Error().Err(err).Msg("somebody could not sign in")
		return http.StatusInternalServerError, "Something went wrong; the relay's log says what."
	}
	words = err.Error()
	return status, strings.ToUpper(words[:1]) + words[1:] + "."
}

func (d *Dashboard) signIn(w http.ResponseWriter, r *http.Request) {
	to := door.CleanPath(r.URL.Query().Get("to"))
	if _, inside := access.From(r.Context()); inside {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	d.drawSignIn(w, r, signInPage{To: to}, nil)
}

func (d *Dashboard) signInWithPassword(w http.ResponseWriter, r *http.Request) {
	if err := readForm(w, r); err != nil {
		d.failed(err).write(d, w, r)
		return
	}
	p := signInPage{To: door.CleanPath(r.PostForm.Get("to")), Name: r.PostForm.Get("name")}
	if err := d.options.Door.SignIn(w, r, p.Name, r.PostForm.Get("password")); err != nil {
		d.drawSignIn(w, r, p, err)
		return
	}
	http.Redirect(w, r, p.To, http.StatusSeeOther)
}

func (d *Dashboard) signInElsewhere(w http.ResponseWriter, r *http.Request) {
	to := door.CleanPath(r.URL.Query().Get("to"))
	address, err := d.options.Door.Begin(w, r, to)
	if err != nil {
		d.drawSignIn(w, r, signInPage{To: to}, err)
		return
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (d *Dashboard) signedInElsewhere(w http.ResponseWriter, r *http.Request) {
	to, err := d.options.Door.Finish(w, r)
	if err != nil {
		d.drawSignIn(w, r, signInPage{To: "/"}, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (d *Dashboard) signOut(w http.ResponseWriter, r *http.Request) {
	if err := d.options.Door.SignOut(w, r); err != nil {
		d.failed(err).write(d, w, r)
		return
	}
	seeOther(door.SignInPath, "You have signed out.").write(d, w, r)
}
