package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// patience is how long a person has to sign in, unless the service says.
const patience = 15 * time.Minute

var (
	// ErrNoSession says that there is no such sign-in, or no longer.
	ErrNoSession = errors.New("there is no such sign-in under way; start it again")
	// ErrNotNeeded says that the connector needs no sign-in.
	ErrNotNeeded = errors.New("no sign-in is needed: the connector's arguments give access, or it needs none")
	errReplaced  = errors.New("the sign-in was started again elsewhere")
	errLate      = errors.New("the sign-in timed out; start it again")
)

// Session is a sign-in under way, as shown to a person.
type Session struct {
	// ID names the session in [Keeper.Wait] and [Keeper.Paste].
	ID   string
	Flow connector.Flow
	// URL is where the person goes.
	URL string
	// Code is what the person enters there in a device code sign-in.
	Code string
	// Hint is one line that tells the person what to do there.
	Hint    string
	Expires time.Time
}

// session is one sign-in under way.
type session struct {
	Session
	call     pluginhost.Call
	by       string
	how      *connector.SignIn
	verifier string
	state    string
	cancel   context.CancelCauseFunc
	// done is closed when the sign-in has ended; err then says how.
	done chan struct{}
	err  error
}

// Begin starts somebody's sign-in for a connector and ends any other one for it.
func (k *Keeper) Begin(ctx context.Context, call pluginhost.Call, by string) (Session, error) {
	how, err := k.options.Plugins.SignIn(ctx, call)
	switch {
	case err != nil:
		return Session{}, err
	case how == nil:
		return Session{}, ErrNotNeeded
	}
	s := &session{call: call, by: by, how: how, done: make(chan struct{})}
	s.Session = Session{ID: rand.Text(), Flow: how.Flow, URL: how.PageURL, Hint: how.Hint, Expires: time.Now().Add(patience)}
	var wait func(context.Context) (grant, error)
	switch how.Flow {
	case connector.DeviceCode:
		if wait, err = s.device(ctx); err != nil {
			return Session{}, err
		}
	case connector.AuthorisationCode:
		s.verifier, s.state = oauth2.GenerateVerifier(), rand.Text()
		s.URL = config(how, k.options.Landing()).AuthCodeURL(s.state, oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(s.verifier))
	case connector.TokenPage:
	}
	k.start(s, wait)
	return s.Session, nil
}

// start runs a session until it ends. If wait is nil, the outcome comes from
// [Keeper.Paste] or the landing page.
func (k *Keeper) start(s *session, wait func(context.Context) (grant, error)) {
	ctx, cancel := context.WithCancelCause(k.ctx)
	ctx, release := context.WithDeadlineCause(ctx, s.Expires, errLate)
	s.cancel = cancel
	k.mu.Lock()
	for _, other := range k.sessions {
		if other.call.Connector == s.call.Connector {
			other.cancel(errReplaced)
		}
	}
	k.sessions[s.ID] = s
	k.mu.Unlock()
	k.running.Go(func() {
		defer release()
		if wait != nil {
			if g, err := wait(ctx); ctx.Err() == nil {
				k.finish(s, g, err)
			}
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			k.finish(s, grant{}, context.Cause(ctx))
		}
		// A waiting caller may still ask for the outcome.
		select {
		case <-k.ctx.Done():
		case <-time.After(time.Minute):
		}
		k.mu.Lock()
		delete(k.sessions, s.ID)
		k.mu.Unlock()
	})
}

// device requests a code and returns how to wait until it is entered.
func (s *session) device(ctx context.Context) (func(context.Context) (grant, error), error) {
	client, err := clientFor(s.call)
	if err != nil {
		return nil, err
	}
	c := config(s.how, "")
	auth, err := c.DeviceAuth(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err != nil {
		return nil, refused(s.call.Connector, err)
	}
	s.URL, s.Code = auth.VerificationURI, auth.UserCode
	if !auth.Expiry.IsZero() {
		s.Expires = auth.Expiry
	}
	return func(ctx context.Context) (grant, error) {
		t, err := c.DeviceAccessToken(context.WithValue(ctx, oauth2.HTTPClient, client), auth)
		if err != nil {
			return grant{}, declined(s.call.Connector, err)
		}
		return granted(t), nil
	}, nil
}

// declined recognises the errors that occur only during a sign-in (RFC 8628, section
// 3.5).
func declined(name string, err error) error {
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ok && answer.ErrorCode == "access_denied":
		return errors.New("the sign-in was declined")
	case ok && answer.ErrorCode == "expired_token":
		return errLate
	}
	return refused(name, err)
}

// finish ends a session, once, and stores its grant.
func (k *Keeper) finish(s *session, g grant, err error) {
	lock := k.lock(s.call.Connector)
	lock.Lock()
	defer lock.Unlock()
	select {
	case <-s.done:
		return
	default:
	}
	if err == nil {
		g.By = s.by
		k.mask(s.call.Connector, g)
		err = k.save(k.ctx, s.call.Connector, g)
	}
	s.err = err
	close(s.done)
	if err == nil && k.options.SignedIn != nil {
		k.options.SignedIn(s.call.Connector)
	}
}

func (k *Keeper) session(match func(*session) bool) *session {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.sessions {
		if match(s) {
			return s
		}
	}
	return nil
}

func (k *Keeper) byID(id string) (*session, error) {
	if s := k.session(func(s *session) bool { return s.ID == id }); s != nil {
		return s, nil
	}
	return nil, ErrNoSession
}

// Wait returns when a sign-in is over: nil when the person has signed in.
func (k *Keeper) Wait(ctx context.Context, id string) error {
	s, err := k.byID(id)
	if err != nil {
		return err
	}
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Paste ends a token page sign-in with the token that the person created there.
func (k *Keeper) Paste(id, token string) error {
	s, err := k.byID(id)
	if err != nil {
		return err
	}
	if s.Flow != connector.TokenPage {
		return fmt.Errorf("a %s sign-in takes no pasted token", s.Flow)
	}
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return errors.New("that is not a token: it is empty or contains a space")
	}
	k.finish(s, grant{Access: token}, nil)
	<-s.done
	return s.err
}

// Landing serves the page to which a browser returns after an authorisation code
// sign-in.
func (k *Keeper) Landing(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address contains the code
	q := r.URL.Query()
	s := k.session(func(s *session) bool {
		return s.state != "" && subtle.ConstantTimeCompare([]byte(s.state), []byte(q.Get("state"))) == 1
	})
	if s == nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "There is no such sign-in under way. Start it again.\n")
		return
	}
	if err := k.land(r.Context(), s, q.Get("code")); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "You are not signed in: "+err.Error()+".\n")
		return
	}
	_, _ = io.WriteString(w, "You are signed in. You can close this page.\n")
}

// land exchanges the code for tokens.
func (k *Keeper) land(ctx context.Context, s *session, code string) error {
	g, err := s.exchange(ctx, k.options.Landing(), code)
	k.finish(s, g, err)
	<-s.done
	return s.err
}

func (s *session) exchange(ctx context.Context, landing, code string) (grant, error) {
	if code == "" {
		return grant{}, errors.New("the sign-in was declined")
	}
	client, err := clientFor(s.call)
	if err != nil {
		return grant{}, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	t, err := config(s.how, landing).Exchange(ctx, code, oauth2.VerifierOption(s.verifier))
	if err != nil {
		return grant{}, declined(s.call.Connector, err)
	}
	return granted(t), nil
}
