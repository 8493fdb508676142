package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// tokensPage lists tokens, with the form for one more.
type tokensPage struct {
	Tokens  []operator.Token
	Name    field
	Expires field
	Scopes  []scopeChoice
	// Makes says that she may make one, and All that the list is not only of hers.
	Makes, All bool
	Open       bool
}

// scopeChoice is a scope that a new token can have.
type scopeChoice struct {
	Scope  access.Scope
	Doc    string
	Chosen bool
}

func (d *Dashboard) tokens(r *http.Request) (answer, error) {
	return d.tokensView(r.Context(), url.Values{"expires": {"2160h"}, "scope": {string(access.Read)}}, "")
}

func (d *Dashboard) tokensView(ctx context.Context, filled url.Values, problem string) (answer, error) {
	list, err := d.relay.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	page := tokensPage{
		Tokens: list, Makes: allows(ctx, access.Configure), All: isOps(ctx, access.Read), Open: problem != "",
		Name: field{Name: "name", Label: "Name", Doc: "What it is for, such as ci.", Kind: "text", Required: true, Value: filled.Get("name"), Problem: problem},
		Expires: field{Name: "expires", Label: "Works for", Kind: "choice", Required: true, Value: filled.Get("expires"), Options: []option{
			{"24h", "a day"}, {"720h", "30 days"}, {"2160h", "90 days"}, {"8760h", "a year"}, {"", "ever"},
		}},
	}
	docs := map[access.Scope]string{
		access.Read: "look at everything that you can see", access.Operate: "send, poll, pause, replay and mute", access.Configure: "save connectors, rotate hook URLs and reload",
	}
	for _, s := range access.Everything() {
		if !allows(ctx, s) {
			continue
		}
		choice := scopeChoice{Scope: s, Doc: docs[s]}
		for _, chosen := range filled["scope"] {
			choice.Chosen = choice.Chosen || chosen == string(s)
		}
		page.Scopes = append(page.Scopes, choice)
	}
	v := view{Template: "tokens.html", Title: "Tokens", Page: page}
	if problem != "" {
		v.Status = http.StatusUnprocessableEntity
	}
	return v, nil
}

// allows reports whether the way that somebody came in allows a sort of thing.
func allows(ctx context.Context, s access.Scope) bool {
	me, ok := access.From(ctx)
	return ok && me.May(s)
}

// createToken answers with the page that shows the token, and with no redirect: then it
// would have to be kept somewhere.
func (d *Dashboard) createToken(r *http.Request) (answer, error) {
	n := operator.NewToken{Name: r.PostForm.Get("name")}
	for _, s := range r.PostForm["scope"] {
		n.Scopes = append(n.Scopes, access.Scope(s))
	}
	if span, err := time.ParseDuration(r.PostForm.Get("expires")); err == nil {
		n.Expires = d.options.Now().Add(span)
	}
	made, err := d.relay.CreateToken(r.Context(), n)
	if errors.Is(err, operator.ErrInvalid) {
		return d.tokensView(r.Context(), r.PostForm, detail(err, operator.ErrInvalid))
	}
	return view{Template: "token.html", Title: "Token " + made.Name, Trail: []link{{"Tokens", "/tokens"}}, Page: made}, err
}

func (d *Dashboard) revokeToken(r *http.Request) (answer, error) {
	ref := operator.TokenRef{Name: r.PostForm.Get("name"), Person: r.PostForm.Get("person")}
	return seeOther("/tokens", "Token "+ref.Name+" is revoked; it stops working at once."), d.relay.RevokeToken(r.Context(), ref)
}
