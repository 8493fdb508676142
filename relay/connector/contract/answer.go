package contract

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"
	"google.golang.org/protobuf/proto"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/wire"
)

const (
	// maxAnswer is the longest body that a connector may answer a sender with.
	maxAnswer = 1 << 20
	maxHint   = 365 * 24 * time.Hour
	// maxHeader is how many bytes the header fields of such an answer may have in total.
	maxHeader = 64 << 10
	// maxProblems is how many problems with a connector's arguments are shown.
	maxProblems = 50
)

// Error turns a plugin's failure into an error of its kind; an unknown kind counts as
// temporary. It returns nil for nil.
func Error(f *wire.Failure) *connector.Error {
	if f == nil {
		return nil
	}
	e := &connector.Error{Kind: connector.KindTemporary, Err: errors.New("the plugin does not say why")}
	if message := line(f.GetMessage()); message != "" {
		e.Err = errors.New(message)
	}
	switch f.GetKind() {
	case wire.Failure_THROTTLED:
		e.Kind = connector.KindThrottled
	case wire.Failure_UNAUTHORISED:
		e.Kind = connector.KindUnauthorised
	case wire.Failure_GONE:
		e.Kind = connector.KindGone
	case wire.Failure_MISCONFIGURED:
		e.Kind = connector.KindMisconfigured
	case wire.Failure_TEMPORARY:
	}
	if f.GetUntil().IsValid() && f.GetUntil() != nil {
		e.Until = f.GetUntil().AsTime()
	}
	return e
}

// Again returns how long the source asks to wait, 0 when it does not say.
func Again(w *wire.PollDone) time.Duration {
	if w.GetAgain() == nil || !w.GetAgain().IsValid() {
		return 0
	}
	return min(max(w.GetAgain().AsDuration(), 0), maxHint)
}

// Note returns the line that a poll left for people.
func Note(w *wire.PollDone) string { return line(w.GetNote()) }

// maxKnown bounds how many known things are read from a poll.
const maxKnown = 100

// Known returns what a poll considered known, and how much that is.
func Known(w *wire.PollDone) (count int, first []connector.Known) {
	for _, k := range w.GetKnown()[:min(len(w.GetKnown()), maxKnown)] {
		first = append(first, connector.Known{Key: cut(k.GetKey(), maxLine), Title: line(k.GetTitle()), Because: line(k.GetBecause())})
	}
	return max(int(w.GetKnownCount()), len(first)), first
}

// SignIn reads how a person signs in; it returns nil when nobody needs to.
func SignIn(w *wire.SignInResponse) (*connector.SignIn, error) {
	how := &connector.SignIn{
		ClientID: w.GetClientId(), ClientSecret: w.GetClientSecret(), Scopes: w.GetScopes(),
		DeviceURL: w.GetDeviceUrl(), PageURL: w.GetPageUrl(), TokenURL: w.GetTokenUrl(), Hint: line(w.GetHint()),
	}
	if size := proto.Size(w); size > maxText {
		return nil, fmt.Errorf("its sign-in has %d bytes; at most %d are allowed", size, maxText)
	}
	needed := map[string]string{}
	switch w.GetFlow() {
	case wire.SignInResponse_NONE:
		return nil, nil
	case wire.SignInResponse_DEVICE_CODE:
		how.Flow = connector.DeviceCode
		needed["device URL"], needed["token URL"] = how.DeviceURL, how.TokenURL
	case wire.SignInResponse_AUTHORISATION_CODE:
		how.Flow = connector.AuthorisationCode
		needed["page URL"], needed["token URL"] = how.PageURL, how.TokenURL
	case wire.SignInResponse_TOKEN_PAGE:
		how.Flow = connector.TokenPage
		needed["page URL"] = how.PageURL
	default:
		return nil, fmt.Errorf("it wants a sign-in of kind %d, which this relay does not know; the plugin may be newer", w.GetFlow())
	}
	for name, text := range needed {
		if _, err := connector.ParseURL(text); err != nil {
			return nil, fmt.Errorf("the %s of its sign-in is not a web address", name)
		}
	}
	return how, nil
}

// Problems reads a plugin's answer to Validate. It returns at most maxProblems, because a
// person fixes a few at a time.
func Problems(w *wire.ValidateResponse) []connector.Problem {
	var list []connector.Problem
	for _, p := range w.GetProblems()[:min(len(w.GetProblems()), maxProblems)] {
		message := line(p.GetMessage())
		if message == "" {
			message = "the plugin refuses it and does not say why"
		}
		list = append(list, connector.Problem{Argument: cut(p.GetArgument(), maxLine), Message: message})
	}
	return list
}

// Reply reads the result of one request. A failure is a [connector.Error] of its kind;
// any other error means that the plugin broke the contract.
func Reply(w *wire.ReceiveResult) (connector.Reply, error) {
	if w.GetFailure() != nil {
		return connector.Reply{}, Error(w.GetFailure())
	}
	events, err := wire.ToEvents(w.GetEvents())
	if err != nil {
		return connector.Reply{}, err
	}
	r := connector.Reply{Status: int(w.GetResponse().GetStatus()), Body: w.GetResponse().GetBody(), Events: events}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	if r.Status < 200 || r.Status > 599 {
		return connector.Reply{}, fmt.Errorf("its answer has the status %d", r.Status)
	}
	if len(r.Body) > maxAnswer {
		return connector.Reply{}, fmt.Errorf("its answer has %d bytes; at most %d are allowed", len(r.Body), maxAnswer)
	}
	r.Header, err = header(w.GetResponse().GetHeader())
	return r, err
}

func header(w map[string]*wire.HeaderValues) (http.Header, error) {
	h, size := make(http.Header), 0
	for _, name := range slices.Sorted(maps.Keys(w)) {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, fmt.Errorf("its answer has a header field %q", clip(name))
		}
		for _, value := range w[name].GetValues() {
			if !httpguts.ValidHeaderFieldValue(value) {
				return nil, fmt.Errorf("the value of header field %s in its answer is not valid", name)
			}
			if size += len(name) + len(value); size > maxHeader {
				return nil, fmt.Errorf("the header of its answer has more than %d bytes", maxHeader)
			}
			h.Add(name, value)
		}
	}
	return h, nil
}
