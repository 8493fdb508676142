package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

const (
	// loginWait is how long a page's script waits for the end of a sign-in before it asks
	// again, and loginGlance how long a page itself does.
	loginWait   = 25 * time.Second
	loginGlance = 100 * time.Millisecond
)

// loginPage leads a person through a connector's sign-in.
type loginPage struct {
	operator.SignIn
	Connector string
	// Sealed is the sign-in for the next request, which only the same person can make.
	Sealed string
	// Failed is why it has come to nothing.
	Failed string
}

// beginLogin starts a sign-in. Its page has it in the address, sealed: nobody else sees the
// code, and nobody can make up a page that sends people to an address of theirs.
func (d *Dashboard) beginLogin(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	s, err := d.relay.SignIn(r.Context(), name)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("carry the sign-in: %w", err)
	}
	me, _ := access.From(r.Context())
	return seeOther("/connectors/"+url.PathEscape(name)+"/login?at="+d.carrier.seal(me.Name, "sign-in of "+name, string(b)), ""), nil
}

// login shows a sign-in until it is over.
func (d *Dashboard) login(r *http.Request) (answer, error) {
	p, err := d.openLogin(r, r.URL.Query().Get("at"))
	if err != nil {
		return nil, err
	}
	within := loginGlance
	if r.URL.Query().Has("wait") {
		within = loginWait
	}
	ctx, cancel := context.WithTimeout(r.Context(), within)
	defer cancel()
	switch err := d.relay.AwaitSignIn(ctx, p.ID); {
	case err == nil:
		return toConnector(p.Connector, "You are signed in. The connector goes on."), nil
	case errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, operator.ErrInvalid), errors.Is(err, operator.ErrNotFound):
		p.Failed = err.Error()
	default:
		return nil, err
	}
	return view{Template: "login.html", Title: "Sign in", Trail: trailTo(p.Connector), Page: p}, nil
}

// pasteToken ends a sign-in with a token that a person copied from the service's page.
func (d *Dashboard) pasteToken(r *http.Request) (answer, error) {
	p, err := d.openLogin(r, r.PostForm.Get("at"))
	if err != nil {
		return nil, err
	}
	if err := d.relay.PasteToken(r.Context(), p.ID, r.PostForm.Get("token")); err != nil {
		return nil, err
	}
	return toConnector(p.Connector, "You are signed in. The connector goes on."), nil
}

func (d *Dashboard) openLogin(r *http.Request, sealed string) (loginPage, error) {
	p := loginPage{Connector: r.PathValue("name"), Sealed: sealed}
	me, _ := access.From(r.Context())
	if json.Unmarshal([]byte(d.carrier.open(me.Name, "sign-in of "+p.Connector, sealed)), &p.SignIn) != nil {
		return p, fmt.Errorf("sign-in of connector %s: %w; start it again", p.Connector, operator.ErrNotFound)
	}
	return p, nil
}
