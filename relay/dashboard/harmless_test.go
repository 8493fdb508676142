package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/event"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/picture"
	"github.com/connector-relay/relay/relay/store"
)

// evil is a text that does harm wherever a page writes it down as it is.
const evil = `x"'><script>alert(1)</script><img src=x onerror=alert(1)><a href=javascript:alert(1) style=color:red>`

// hostile is a relay in which every text is [evil]. Its nth version has the nth of those
// states that can only be some.
type hostile struct {
	operator.Relay
	n int
}

// told returns a value of any type that is full of evil texts.
func told[T any](h hostile) T {
	var v T
	h.fill(reflect.ValueOf(&v).Elem(), "")
	return v
}

func (h hostile) fill(v reflect.Value, name string) {
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Now().Add(time.Duration(h.n-2) * time.Hour)
		return
	case *json.RawMessage:
		text, _ := json.Marshal(evil)
		*x = fmt.Appendf(nil, `{"title":%[1]s,"text":%[1]s,"themeColor":%[1]s,"potentialAction":[{"@type":"OpenUri","name":%[1]s,"targets":[{"os":"default","uri":"javascript:alert(1)"}]}]}`, text)
		return
	case *delivery.State:
		*x = delivery.States()[h.n%len(delivery.States())]
		return
	case *delivery.LaneState:
		*x = delivery.LaneStates()[h.n%len(delivery.LaneStates())]
		return
	case *event.Fate:
		*x = event.Fates()[h.n%len(event.Fates())]
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(evil)
		if name == "Health" {
			v.SetString([]string{"ok", "removed", "unauthorised", evil}[h.n%4])
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(h.n%2 == 0)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			h.fill(v.Index(i), name)
		}
	case reflect.Map:
		entry := reflect.New(v.Type().Elem()).Elem()
		h.fill(entry, name)
		key := reflect.New(v.Type().Key()).Elem()
		h.fill(key, name)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, entry)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		h.fill(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				h.fill(v.Field(i), v.Type().Field(i).Name)
			}
		}
	}
}

func (h hostile) Status(context.Context) (operator.Status, error) {
	return told[operator.Status](h), nil
}

func (h hostile) Problems(context.Context) ([]operator.Problem, error) {
	list := told[[]operator.Problem](h)[:1]
	for _, sort := range []string{"channel", "connector", "plugin"} {
		list = append(list, operator.Problem{Subject: sort + " " + evil, Text: evil})
	}
	return list, nil
}

func (h hostile) Connectors(context.Context) ([]operator.Connector, error) {
	return told[[]operator.Connector](h)[:1], nil
}

func (h hostile) Channels(context.Context) ([]operator.Channel, error) {
	return told[[]operator.Channel](h)[:1], nil
}

func (h hostile) Plugins(context.Context) ([]operator.Plugin, error) {
	return told[[]operator.Plugin](h)[:1], nil
}

func (h hostile) PluginLog(context.Context, string) ([]operator.LogLine, error) {
	return told[[]operator.LogLine](h), nil
}

func (h hostile) Deliveries(context.Context, store.Filter) ([]operator.Delivery, error) {
	return told[[]operator.Delivery](h)[:1], nil
}

func (h hostile) Delivery(context.Context, int64) (operator.Explanation, error) {
	return told[operator.Explanation](h), nil
}

func (h hostile) Events(context.Context, store.EventFilter) ([]operator.Fated, error) {
	return told[[]operator.Fated](h)[:1], nil
}

func (h hostile) Refusals(context.Context, string) ([]store.Refusal, error) {
	return told[[]store.Refusal](h), nil
}

func (h hostile) Explain(context.Context, string) ([]operator.Explanation, error) {
	return told[[]operator.Explanation](h), nil
}

func (h hostile) Mutes(context.Context) ([]operator.Mute, error) {
	return told[[]operator.Mute](h)[:1], nil
}

func (h hostile) Rates(context.Context) (operator.Rates, error) { return told[operator.Rates](h), nil }

func (h hostile) Count(context.Context, store.Filter) (operator.Count, error) {
	return told[operator.Count](h), nil
}

func (h hostile) Configuration(context.Context) ([]operator.File, error) {
	return told[[]operator.File](h), nil
}

func (h hostile) Blocks(context.Context) ([]operator.Block, error) {
	return told[[]operator.Block](h)[:1], nil
}

func (h hostile) AuditLog(context.Context, store.AuditFilter) ([]operator.Audited, error) {
	return told[[]operator.Audited](h)[:1], nil
}

func (h hostile) Tokens(context.Context) ([]operator.Token, error) {
	return told[[]operator.Token](h), nil
}

func (h hostile) Types(context.Context) ([]operator.ConnectorType, error) {
	list := told[[]operator.ConnectorType](h)[:1]
	list[0].Icon = [][]byte{nil, []byte("<svg/>"), []byte("\x89PNG")}[h.n%3]
	for i, input := range []form.Input{form.Text, form.Number, form.Flag, form.Choice, form.Lines, form.Value} {
		f := list[0].Fields[0]
		f.Input, f.Name, f.Secret = input, evil+fmt.Sprint(i), i == h.n
		list[0].Fields = append(list[0].Fields, f)
	}
	list[0].Fields[0].Name = "image"
	return list, nil
}

func (h hostile) AwaitSignIn(ctx context.Context, _ string) error {
	if h.n == 0 {
		return fmt.Errorf("%w: %s", operator.ErrInvalid, evil)
	}
	return context.DeadlineExceeded
}

func (h hostile) Preview(context.Context, operator.Paste) (operator.Pasted, error) {
	p := told[operator.Pasted](h)
	for i := range p.Previews {
		p.Previews[i].Body = map[string]any{evil: evil}
	}
	return p, nil
}

func (h hostile) TryRoute(context.Context, operator.RouteDraft) (operator.RouteTrial, error) {
	return told[operator.RouteTrial](h), nil
}

func (h hostile) Waiting(context.Context, string) ([]operator.Delivery, error) {
	return told[[]operator.Delivery](h)[:1], nil
}

func (h hostile) Payload(context.Context, int64) (operator.Payload, error) {
	return told[operator.Payload](h), nil
}

func (h hostile) Plan(context.Context) ([]operator.Change, error) {
	return told[[]operator.Change](h), nil
}

// visit looks at every page there is of a hostile relay, as somebody does, and again with a
// query that is made to do harm.
func visit(t *testing.T, n int, p access.Person, look func(pattern, page string)) {
	t.Helper()
	d, err := New(Options{Relay: hostile{n: n}, Pictures: picture.NewProxy(picture.ProxyOptions{}), Log: zerolog.Nop(), Version: evil})
	if err != nil {
		t.Fatal(err)
	}
	for pattern := range d.pages() {
		method, path, both := strings.Cut(pattern, " ")
		if !both || method != http.MethodGet {
			continue
		}
		if path == "/configuration/file" {
			path += "?" + url.Values{"name": {evil}}.Encode()
		}
		if path == "/connectors/{name}/login" {
			b, _ := json.Marshal(told[operator.SignIn](hostile{n: n}))
			path += "?" + url.Values{"at": {d.carrier.seal(p.Name, "sign-in of "+evil, string(b))}}.Encode()
		}
		path = strings.NewReplacer("{$}", "", "{id}", "7", "{verb}", "replay", "{name}", url.PathEscape(evil)).Replace(path)
		r := httptest.NewRequest(method, "http://localhost"+path, nil)
		query := r.URL.Query()
		for _, name := range []string{"search", "state", "text", "channel", "connector", "kind", "page", "name", "type", "in"} {
			query.Set(name, evil)
		}
		for _, asked := range []string{r.URL.RawQuery, query.Encode()} {
			r.URL.RawQuery = asked
			w := httptest.NewRecorder()
			d.Handler().ServeHTTP(w, r.WithContext(access.With(r.Context(), p)))
			if w.Code != http.StatusOK && (w.Code != http.StatusForbidden || p.Role == access.Ops) {
				t.Errorf("%s answers %d", pattern, w.Code)
			}
			look(pattern, w.Body.String())
		}
	}
}

// TestNoPageRunsWhatItShows looks at every page there is, of a relay in which every text
// is made to do harm, and finds nothing that could.
func TestNoPageRunsWhatItShows(t *testing.T) {
	for n := range 5 {
		visit(t, n, access.Local("loopback"), func(pattern, page string) {
			for _, fault := range faults(page) {
				t.Errorf("version %d of %s: %s", n, pattern, fault)
			}
		})
	}
}

// TestNobodyIsOfferedWhatSheMayNotDo: the pages of somebody who may only look have no
// button that changes anything but what is hers. Pages that ask before a change, to which
// none of the others leads, are left out.
func TestNobodyIsOfferedWhatSheMayNotDo(t *testing.T) {
	reader := access.Person{Name: "rob@example.com", Role: access.Reader, Via: "session", Scopes: access.Everything()}
	asks := []string{"/forget", "/all", "/login"}
	hers := []string{"/sign-out", "/playground", "/playground/route", "/tokens"}
	for n := range 5 {
		visit(t, n, reader, func(pattern, page string) {
			if slices.ContainsFunc(asks, func(end string) bool { return strings.HasSuffix(pattern, end) }) {
				return
			}
			for _, form := range changes(page) {
				if !slices.Contains(hers, form) && !strings.HasPrefix(form, "/tokens/") {
					t.Errorf("version %d of %s offers %s", n, pattern, form)
				}
			}
		})
	}
}
