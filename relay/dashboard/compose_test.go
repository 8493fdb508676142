package dashboard_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/picture"
)

func (k *kept) Types(context.Context) ([]operator.ConnectorType, error) {
	return []operator.ConnectorType{
		{Type: "webhook", Title: "Incoming webhook", Summary: "Takes cards.", Receives: true, Fields: []form.Field{
			{Name: "title", Label: "Title", Input: form.Text}, {Name: "image", Label: "Image", Input: form.Text}, {Name: "secret", Label: "Secret", Input: form.Text, Secret: true},
		}, Icon: []byte("<svg/>")},
		{
			Type: "shop", Title: "Corner shop", Summary: "What is sold.", Plugin: "acme", Polls: true, SignsIn: true, Schedule: "@every 15m",
			Fields: []form.Field{
				{Name: "url", Label: "URL", Input: form.Text, Required: true},
				{Name: "token", Label: "Token", Input: form.Text, Secret: true, Required: true},
				{Name: "mode", Label: "Mode", Input: form.Choice, Allowed: []string{"fast", "slow"}, Default: "fast"},
			},
			Kinds: []operator.Kind{{Kind: "paid", Doc: "An order was paid.", Card: []byte(`{"title":"Order 7 is paid"}`)}, {Kind: "packed", Doc: "An order was packed.", Noise: true}},
		},
		{Type: "blog", Title: "Blog", Polls: true, SignsIn: true},
	}, nil
}

// block is a saved connector.
func block() operator.Block {
	f := form.Filled{Type: "shop", Name: "corner", Arguments: map[string]string{"url": "https://shop.example.com"}, Kept: []string{"token"}, Channels: []string{"dev"}, Revision: 4}
	return operator.Block{Name: "corner", Type: "shop", HCL: `connector "shop" "corner" {}`, Filled: &f, Revision: 4}
}

func (k *kept) Draft(_ context.Context, d operator.Draft) (operator.Drafted, error) {
	f := d.Filled
	k.drafted = append(k.drafted, *f)
	hcl := fmt.Sprintf("connector %q %q { url = %q }", f.Type, f.Name, f.Arguments["url"])
	if f.Name == "" {
		return operator.Drafted{Mistakes: []form.Mistake{{Field: form.FieldName, Message: "Give it a <name>."}, {Field: form.FieldChannels, Message: "Choose one."}, {Message: "It is too long."}}}, nil
	}
	return operator.Drafted{HCL: hcl}, nil
}

func (k *kept) TryConnector(context.Context, operator.Draft) (operator.Trial, error) {
	return operator.Trial{Events: []operator.Event{{Kind: "paid", Card: []byte(`{"title":"Order 7 is paid"}`)}}}, k.did("try")
}

func (k *kept) Save(_ context.Context, d operator.Draft) (operator.Block, error) {
	name := "beyond"
	if d.Filled != nil {
		name = d.Filled.Name
	}
	return operator.Block{Name: name}, k.did("save %s at %d", name, d.Revision)
}

func (k *kept) RemoveBlock(_ context.Context, name string, revision int64) error {
	return k.did("remove %s at %d", name, revision)
}

func (k *kept) TakeOver(_ context.Context, name string) (operator.Block, error) {
	return operator.Block{Name: name}, k.did("take over %s", name)
}

func (k *kept) Export(context.Context) (operator.Exported, error) {
	return operator.Exported{HCL: "connector {}\n"}, nil
}

func (k *kept) AddPicture(_ context.Context, u operator.Upload) (operator.Picture, error) {
	if string(u.Content) != "a picture" {
		return operator.Picture{}, fmt.Errorf("%w picture: %w", operator.ErrInvalid, picture.RefusedError("This is not a picture."))
	}
	return operator.Picture{URL: "https://relay.example.com/pictures/x.png"}, nil
}

func (k *kept) PostCard(_ context.Context, connector string, c card.Card) (operator.HookAnswer, error) {
	return operator.HookAnswer{Status: 200, Body: "1", Events: []int64{9}}, k.did("post to %s: %s", connector, c.Text)
}

func (k *kept) SignIn(_ context.Context, connector string) (operator.SignIn, error) {
	return operator.SignIn{ID: "7", Flow: "device code", URL: "https://login.example.com/device", Code: "ABCD-EFGH", Expires: now}, k.did("sign in %s", connector)
}

func (k *kept) AwaitSignIn(ctx context.Context, id string) error {
	if k.refuses != nil {
		return k.refuses
	}
	if !k.signedIn {
		<-ctx.Done()
		return ctx.Err()
	}
	return k.did("signed in by %s", id)
}

func (k *kept) PasteToken(_ context.Context, id, token string) error {
	return k.did("paste %s into %s", token, id)
}

// fill returns what the form on a page would post as it stands.
func fill(page string) url.Values {
	_, inside, _ := strings.Cut(page, `<form id="compose"`)
	values := url.Values{}
	for _, input := range regexp.MustCompile(`<input [^>]*name="([^"]*)"[^>]*>`).FindAllStringSubmatch(inside, -1) {
		value := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(input[0])
		if box := strings.Contains(input[0], "checkbox"); value != nil && (!box || strings.Contains(input[0], " checked")) {
			values.Add(input[1], html.UnescapeString(value[1]))
		}
	}
	if reviewed := regexp.MustCompile(`name="reviewed" value="([^"]*)"`).FindStringSubmatch(page); reviewed != nil {
		values.Set("reviewed", reviewed[1])
	}
	return values
}

// press posts a form and returns the page that answers.
func press(t *testing.T, address string, values url.Values, button string) (status int, page string) {
	t.Helper()
	values.Set("do", button)
	resp, err := http.PostForm(address, values)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestTheGalleryIsSearchedWithoutAScript and shows for each type what it is, and how it comes.
func TestTheGalleryIsSearchedWithoutAScript(t *testing.T) {
	_, s := serve(t, &kept{})
	_, page := get(t, s.URL+"/connectors/new")
	for _, want := range []string{"Incoming webhook", "pushed to a URL of its own", `src="/icons/webhook?`, "polled every 15m · may need a sign-in · plugin acme", `<span class="type-icon monogram" aria-hidden="true">C</span>`, `href="/connectors/new?type=shop"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the gallery does not show %s", want)
		}
	}
	for search, shown := range map[string]int{"CORNER sold": 1, "nothing of the sort": 0, "": 3} {
		_, page := get(t, s.URL+"/connectors/new?search="+url.QueryEscape(search))
		if got := strings.Count(page, "<li><a href=\"/connectors/new"); got != shown || strings.Contains(page, `class="panel empty" hidden`) != (shown > 0) {
			t.Errorf("a search for %q shows %d", search, got)
		}
	}
	if status, _ := get(t, s.URL+"/connectors/new?type=unheard-of"); status != http.StatusNotFound {
		t.Errorf("a type that is not there: %d", status)
	}
	resp, err := http.Get(s.URL + "/icons/webhook")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if h := resp.Header; h.Get("Content-Type") != "image/svg+xml" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("an icon that is opened by itself may act: %v", h)
	}
}

// TestAConnectorIsTriedReviewedAndSaved, all of it in forms; what was typed comes back, and
// the secret does so sealed.
func TestAConnectorIsTriedReviewedAndSaved(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	address := s.URL + "/connectors/new?type=shop"
	_, page := get(t, address)
	values := fill(page)
	values.Set("argument.url", "https://shop.example.com/\"><script>")
	values.Set("argument.token", "CANARY")
	values["channels"] = []string{"dev", "lobby"}
	_, page = press(t, address, values, "try")
	if !strings.Contains(page, "Order 7 is paid") || !strings.Contains(page, "1 fact left out") || strings.Contains(page, `value="save"`) {
		t.Error("a trial without a name does not show its cards, or not as the channels get them, or can be saved")
	}
	secrets := page
	values = fill(page)
	values.Set("name", "corner2")
	_, page = press(t, address, values, "review")
	for _, want := range []string{`connector &#34;shop&#34; &#34;corner2&#34;`, `value="save"`, "Set. Leave this empty to keep it."} {
		if !strings.Contains(page, want) {
			t.Errorf("the review does not show %s", want)
		}
	}
	resp, to := submit(t, address, withDo(fill(page), "save"))
	if resp.StatusCode != http.StatusSeeOther || to != "/connectors/corner2" || len(k.done) != 3 || k.done[0] != "try" || k.done[2] != "save corner2 at 0" {
		t.Errorf("%d to %s after %q", resp.StatusCode, to, k.done)
	}
	if strings.Contains(secrets+page, "CANARY") || strings.Contains(secrets+page, `"><script>`) {
		t.Error("the secret, or a script, stands on the page")
	}
	for _, f := range k.drafted {
		if f.Arguments["token"] != "CANARY" {
			t.Errorf("on the way the secret has become %q", f.Arguments["token"])
		}
	}
}

func withDo(values url.Values, do string) url.Values {
	values.Set("do", do)
	return values
}

// TestOnlyWhatSomebodyHasReadIsSaved: who changes the form after the review sees it again.
func TestOnlyWhatSomebodyHasReadIsSaved(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	address := s.URL + "/connectors/new?type=shop"
	values := url.Values{"name": {"corner2"}, "argument.url": {"https://a.example"}}
	if _, page := press(t, address, values, "save"); !strings.Contains(page, "This is what will be saved") || len(k.done) > 0 {
		t.Errorf("what nobody has read was saved: %q", k.done)
	}
	_, page := press(t, address, values, "review")
	values = fill(page)
	values.Set("argument.url", "https://b.example")
	if _, page = press(t, address, values, "save"); !strings.Contains(page, "https://b.example") || len(k.done) > 0 {
		t.Errorf("what nobody has read was saved: %q", k.done)
	}
}

// TestASealedSecretOpensNowhereElse: not for another field, nor at another relay.
func TestASealedSecretOpensNowhereElse(t *testing.T) {
	k, other := &kept{}, &kept{}
	_, s := serve(t, k)
	_, elsewhere := serve(t, other)
	_, page := press(t, s.URL+"/connectors/new?type=shop", url.Values{"name": {"a"}, "argument.token": {"CANARY"}}, "review")
	sealed := fill(page).Get("carried.argument.token")
	for name, ask := range map[string]func() form.Filled{
		"another field": func() form.Filled {
			press(t, s.URL+"/connectors/new?type=webhook", url.Values{"name": {"a"}, "carried.argument.secret": {sealed}}, "review")
			return k.drafted[len(k.drafted)-1]
		},
		"another relay": func() form.Filled {
			press(t, elsewhere.URL+"/connectors/new?type=shop", url.Values{"name": {"a"}, "carried.argument.token": {sealed}}, "review")
			return other.drafted[len(other.drafted)-1]
		},
		"a changed one": func() form.Filled {
			press(t, s.URL+"/connectors/new?type=shop", url.Values{"name": {"a"}, "carried.argument.token": {sealed[:len(sealed)/2] + "AAAA" + sealed[len(sealed)/2+4:]}}, "review")
			return k.drafted[len(k.drafted)-1]
		},
	} {
		if f := ask(); sealed == "" || f.Arguments["token"]+f.Arguments["secret"] != "" {
			t.Errorf("%s opens what was sealed", name)
		}
	}
}

// TestMistakesStandBesideTheirFields and at the top, with links that lead there.
func TestMistakesStandBesideTheirFields(t *testing.T) {
	_, s := serve(t, &kept{})
	status, page := press(t, s.URL+"/connectors/new?type=shop", url.Values{"argument.url": {"x"}}, "review")
	if status != http.StatusUnprocessableEntity || strings.Contains(page, `value="save"`) {
		t.Errorf("%d", status)
	}
	for _, want := range []string{
		`<section id="mistakes" class="panel trouble" role="alert" tabindex="-1" autofocus>`, "3 things need fixing", `<a href="#name">Name</a>: Give it a &lt;name&gt;.`,
		`aria-invalid="true" aria-describedby="name-doc name-problem"`, `id="name-problem"`, `<a href="#channels">Channels</a>: Choose one.`, `id="channels"`, "It is too long.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
}

// TestAPictureIsUploadedWithTheForm, and a file that is none is refused beside the field.
func TestAPictureIsUploadedWithTheForm(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	upload := func(content string) string {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		_ = w.WriteField("name", "ci")
		_ = w.WriteField("do", "review")
		file, _ := w.CreateFormFile("upload", `../../"><script>.png`)
		_, _ = io.WriteString(file, content)
		w.Close()
		resp, err := http.Post(s.URL+"/connectors/new?type=webhook", w.FormDataContentType(), &body)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, _ := io.ReadAll(resp.Body)
		return string(page)
	}
	if page := upload("a picture"); len(k.drafted) != 1 || k.drafted[0].Arguments["image"] != "https://relay.example.com/pictures/x.png" || strings.Contains(page, "><script>") {
		t.Errorf("%+v", k.drafted)
	}
	if page := upload("<svg/>"); !strings.Contains(page, `<a href="#argument.image">Image</a>: This is not a picture.`) || len(k.drafted) != 1 {
		t.Error("the page does not say what is wrong with the picture")
	}
	if page := upload(""); !strings.Contains(page, "This is what will be saved") {
		t.Error("a form without a file is refused")
	}
	if page := upload(strings.Repeat("x", 6<<20)); !strings.Contains(page, "more than this form takes") || len(k.drafted) != 2 {
		t.Error("a file of six megabytes is taken")
	}
}

// TestASavedConnectorIsChanged: its name stays, its secrets stay where they are, and one that
// the form cannot say is edited as HCL.
func TestASavedConnectorIsChanged(t *testing.T) {
	k := &kept{blocks: []operator.Block{block(), {Name: "beyond", Type: "shop", HCL: "connector { <b> }", Beyond: "it has two routes", Revision: 2}}}
	_, s := serve(t, k)
	_, page := get(t, s.URL+"/connectors/corner/edit")
	values := fill(page)
	values.Set("name", "another")
	values.Set("kept", "stolen")
	if _, page = press(t, s.URL+"/connectors/corner/edit", values, "review"); !strings.Contains(page, "This is what will be saved") {
		t.Fatal(page)
	}
	if f := k.drafted[0]; f.Name != "corner" || !slices.Equal(f.Kept, []string{"token"}) || f.Revision != 4 || !slices.Equal(f.Channels, []string{"dev"}) {
		t.Errorf("the change is %+v", f)
	}
	values.Set("removed", "token")
	if press(t, s.URL+"/connectors/corner/edit", values, "review"); len(k.drafted[1].Kept) > 0 {
		t.Error("a secret that was removed is kept")
	}
	if _, page = get(t, s.URL+"/connectors/beyond/edit"); !strings.Contains(page, "connector { &lt;b&gt; }") || !strings.Contains(page, "it has two routes") {
		t.Error("what the form cannot say is not shown as HCL")
	}
	k.refuses = &operator.MistakenError{Mistakes: []form.Mistake{{Message: "It is no block."}}}
	if status, page := press(t, s.URL+"/connectors/beyond/edit", url.Values{"hcl": {"x"}, "revision": {"2"}}, ""); status != http.StatusUnprocessableEntity || !strings.Contains(page, "It is no block.") {
		t.Errorf("%d", status)
	}
	k.refuses = operator.ErrConflict
	_, page = press(t, s.URL+"/connectors/corner/edit", fill(reviewed(t, s.URL)), "save")
	if !strings.Contains(page, "Somebody else has saved this connector") {
		t.Error("who was slower is not told so")
	}
	for _, path := range []string{"/connectors/foreign/edit", "/connectors/foreign/remove"} {
		if status, _ := get(t, s.URL+path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func reviewed(t *testing.T, address string) string {
	t.Helper()
	_, page := get(t, address+"/connectors/corner/edit")
	_, page = press(t, address+"/connectors/corner/edit", fill(page), "review")
	return page
}

// TestASignInOnThePage shows where to go and the code, to the one who began it only, and goes
// on when it is over.
func TestASignInOnThePage(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	resp, at := submit(t, s.URL+"/connectors/blog/login", nil)
	if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(at, "/connectors/blog/login?at=") || strings.Contains(at, "ABCD") {
		t.Fatalf("%d to %s", resp.StatusCode, at)
	}
	_, page := get(t, s.URL+at)
	for _, want := range []string{"ABCD-EFGH", `href="https://login.example.com/device"`, "Waiting for you to finish there"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	for _, wrong := range []string{"/connectors/other/login?" + at[strings.Index(at, "at="):], "/connectors/blog/login", "/connectors/blog/login?at=eyJ1cmwiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9"} {
		if status, page := get(t, s.URL+wrong); status != http.StatusNotFound || strings.Contains(page, "ABCD") {
			t.Errorf("%s: %d", wrong, status)
		}
	}
	sealed := strings.TrimPrefix(at, "/connectors/blog/login?at=")
	if _, to := submit(t, s.URL+"/connectors/blog/login/token", url.Values{"at": {sealed}, "token": {"t"}}); to != "/connectors/blog" || !slices.Contains(k.done, "paste t into 7") {
		t.Errorf("to %s after %q", to, k.done)
	}
	k.signedIn = true
	if _, page := get(t, s.URL+at+"&wait"); !strings.Contains(page, "<h1>blog</h1>") || !slices.Contains(k.done, "signed in by 7") {
		t.Error("it does not go on when it is over")
	}
	k.refuses = fmt.Errorf("%w: declined", operator.ErrInvalid)
	if _, page := get(t, s.URL+at); !strings.Contains(page, "The sign-in failed: invalid: declined") || !strings.Contains(page, "Start again") {
		t.Error("nobody says that it has failed")
	}
}

// TestAHookURLIsCopiedAndTried: it can be selected and copied, there is a snippet in each
// language, and a card goes through the hook itself.
func TestAHookURLIsCopiedAndTried(t *testing.T) {
	k := &kept{}
	_, s := serve(t, k)
	for query, want := range map[string]string{"": "curl --globoff", "?in=python": "import json, urllib.request", "?in=<b>": "curl --globoff"} {
		_, page := get(t, s.URL+"/connectors/ci"+query)
		if !strings.Contains(page, want) || !strings.Contains(page, `readonly value="https://relay.example.com/hooks/TOKEN"`) {
			t.Errorf("%s does not show %s", query, want)
		}
	}
	if _, to := submit(t, s.URL+"/connectors/ci/post", url.Values{"text": {"Hi"}}); to != "/events/9" || !slices.Equal(k.done, []string{"post to ci: Hi"}) {
		t.Errorf("to %s after %q", to, k.done)
	}
}
