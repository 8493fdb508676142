package door

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/access/gate"
	"github.com/connector-relay/relay/relay/access/openid"
	"github.com/connector-relay/relay/relay/store"
)

// CallbackPath is where the issuer sends people back to.
const CallbackPath = SignInPath + "/callback"

// flowFor is how long somebody has to sign in at the issuer.
const flowFor = 10 * time.Minute

// ErrElsewhere means that a sign-in at the issuer did not succeed.
var ErrElsewhere = errors.New("you are not signed in")

// errNoIssuer means that nobody signs in elsewhere.
var errNoIssuer = fmt.Errorf("%w: nobody signs in elsewhere here", ErrElsewhere)

// flow is a sign-in under way, as the browser keeps it, sealed.
type flow struct {
	openid.Flow
	// To is where she goes after it.
	To    string
	Until time.Time
}

// Begin begins a sign-in at the issuer and returns where the browser goes. Afterwards it
// goes to a path here.
func (d *Door) Begin(w http.ResponseWriter, r *http.Request, to string) (string, error) {
	now := d.current.Load()
	if now == nil || now.issuer == nil {
		return "", errNoIssuer
	}
	begun, address, err := now.issuer.Begin(gate.ArrivalOf(r.Context()).Origin + CallbackPath)
	if err != nil {
		d.options.Log.Warn().Err(err).Msg("a sign-in could not begin")
		return "", openid.ErrUnreachable
	}
	sealed, err := d.seal(flow{begun, CleanPath(to), time.Now().Add(flowFor)})
	if err != nil {
		return "", err
	}
	setCookie(w, r, flowName(begun.State), sealed, flowFor)
	return address, nil
}

// flowName is the cookie of one sign-in. Several may be under way in one browser.
func flowName(state string) string { return flowCookie + state[:min(6, len(state))] }

// Finish ends a sign-in when the browser comes back from the issuer, and returns where it
// goes. Its errors are for whoever signs in.
func (d *Door) Finish(w http.ResponseWriter, r *http.Request) (to string, err error) {
	ctx, now := r.Context(), d.current.Load()
	if now == nil || now.issuer == nil {
		return "", errNoIssuer
	}
	at := gate.ArrivalOf(ctx)
	if wait := d.addresses.Take(network(at.From)); wait > 0 {
		return "", TooManyError{wait}
	}
	name := flowName(r.URL.Query().Get("state"))
	f := d.unseal(readCookie(r, name))
	dropCookie(w, r, name)
	who, err := now.issuer.Finish(ctx, f.Flow, at.Origin+CallbackPath, r.URL.Query())
	if err != nil {
		d.options.Log.Warn().Err(err).Msg("a sign-in failed")
		d.note(ctx, stranger, "sign in", "refused", at)
		if errors.Is(err, openid.ErrUnreachable) {
			return "", openid.ErrUnreachable
		}
		return "", fmt.Errorf("%w: %w", ErrElsewhere, err)
	}
	d.addresses.Return(network(at.From))
	return CleanPath(f.To), d.let(ctx, w, r, now, store.Person{Name: who.Name, Groups: who.Groups}, now.OpenID.Proof())
}

// seal encrypts a flow, for its cookie.
func (d *Door) seal(f flow) (string, error) {
	aead, err := d.aead()
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, []byte(flowCookie))), nil
}

// unseal returns the flow in a cookie; it is zero when there is none, or it is over.
func (d *Door) unseal(sealed string) flow {
	var f flow
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || sealed == "" {
		return flow{}
	}
	aead, err := d.aead()
	if err != nil {
		return flow{}
	}
	plain, err := aead.Open(nil, nil, b, []byte(flowCookie))
	if err != nil || json.Unmarshal(plain, &f) != nil || time.Now().After(f.Until) {
		return flow{}
	}
	return f
}

func (d *Door) aead() (cipher.AEAD, error) {
	key, err := d.options.Key()
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
