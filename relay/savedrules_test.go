package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/card"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

// mistakes are the fields that an error is about.
func mistakes(err error) (fields []string) {
	if e, ok := errors.AsType[*operator.MistakenError](err); ok {
		for _, m := range e.Mistakes {
			fields = append(fields, m.Field)
		}
	}
	return fields
}

func TestMistakesStandBesideTheirFields(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	for name, c := range map[string]struct {
		change func(*form.Filled)
		want   string
	}{
		"what the form itself knows":    {func(f *form.Filled) { f.Name = "not a name" }, "name"},
		"what the configuration knows":  {func(f *form.Filled) { f.Schedule = "whenever" }, "schedule"},
		"what the schema knows":         {func(f *form.Filled) { f.Arguments["accept"] = "nothing" }, "argument.accept"},
		"what only the plugin knows":    {func(f *form.Filled) { f.Arguments["image"] = "ftp://example.com" }, "argument.image"},
		"a channel that there is not":   {func(f *form.Filled) { f.Channels = []string{"nowhere"} }, "channels"},
		"a condition about nothing":     {func(f *form.Filled) { f.Condition = "event.nothing" }, "condition"},
		"a condition that reads a file": {func(f *form.Filled) { f.Condition = `file("/etc/passwd") == ""` }, "condition"},
		"a condition that never ends": {func(f *form.Filled) {
			f.Condition = "length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]) > 0"
		}, "condition"},
		"a path that can be guessed":  {func(f *form.Filled) { f.Path = "/guess" }, "path"},
		"a secret that is not stored": {func(f *form.Filled) { f.Kept = []string{"secret"} }, "argument.secret"},
		"a name that a file has":      {func(f *form.Filled) { f.Name = "ofafile" }, "name"},
	} {
		d := hook("made", "red", "red")
		c.change(d.Filled)
		_, err := r.guard.Save(member("ada@example.com", "red"), d)
		if got := mistakes(err); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: mistakes at %q, want %s: %v", name, got, c.want, err)
		}
		if out, err := r.guard.Draft(member("ada@example.com", "red"), d); err != nil || len(out.Mistakes) != 1 {
			t.Errorf("%s: drafted %+v, %v", name, out.Mistakes, err)
		}
	}
	if blocks, err := r.guard.Blocks(ops()); err != nil || len(blocks) != 0 {
		t.Errorf("saved is %+v, %v", blocks, err)
	}
}

// TestAMemberSavesOnlyWhatIsHers.
func TestAMemberSavesOnlyWhatIsHers(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada, bea, cyd := member("ada@example.com", "red"), member("bea@example.com", "red"), member("cyd@example.com", "blue")
	adas := mustSave(t, ada, r, hook("adas", "red", "red"))
	edit := func(d operator.Draft, revision int64) operator.Draft { d.Filled.Revision = revision; return d }
	raw := func(inside string) operator.Draft {
		return operator.Draft{HCL: "connector \"webhook\" \"made\" {\n  team = team.red\n" + inside + "\n}"}
	}
	block := adas.HCL
	for name, c := range map[string]struct {
		who   context.Context
		draft operator.Draft
		is    error
		field string
	}{
		"a channel of another team":            {ada, hook("made", "red", "blue"), operator.ErrInvalid, "channels"},
		"a channel of no team":                 {ada, hook("made", "red", "plain"), operator.ErrInvalid, "channels"},
		"another team":                         {ada, hook("made", "blue", "red"), operator.ErrInvalid, "team"},
		"a team that there is not":             {ada, hook("made", "green", "red"), operator.ErrInvalid, "team"},
		"a name that another team's has":       {cyd, hook("adas", "blue", "blue"), operator.ErrInvalid, "name"},
		"another team's connector":             {cyd, edit(hook("adas", "blue", "blue"), 1), operator.ErrNotFound, ""},
		"a colleague's connector":              {bea, edit(hook("adas", "red", "red"), 1), operator.ErrForbidden, ""},
		"who is in no team":                    {member("dan@example.com"), hook("made", "red", "red"), operator.ErrForbidden, ""},
		"nobody":                               {context.Background(), hook("made", "red", "red"), operator.ErrForbidden, ""},
		"HCL with private networks":            {ada, raw(`http { allow = ["10.0.0.0/8"] }`), operator.ErrForbidden, ""},
		"HCL with a proxy":                     {ada, raw(`http { proxy = "http://evil.example.com" }`), operator.ErrForbidden, ""},
		"HCL that reads the environment":       {ada, raw(`title = env("HOME")`), operator.ErrForbidden, ""},
		"HCL that reads a file":                {ada, raw(`title = file("/etc/passwd")`), operator.ErrForbidden, ""},
		"HCL with a card":                      {ada, raw("route {\n to = [channel.red]\n card { title = \"x\" }\n}"), operator.ErrForbidden, ""},
		"HCL with two routes":                  {ada, raw("route { to = [channel.red] }\nroute { to = [channel.blue] }"), operator.ErrForbidden, ""},
		"HCL with a quota of its own":          {ada, raw(`quota { events = "1000000/s" }`), operator.ErrForbidden, ""},
		"HCL with another's secret":            {ada, raw(`secret = secret("adas.owner")`), operator.ErrForbidden, ""},
		"HCL with a second block":              {ada, operator.Draft{HCL: block + "channel \"x\" { type = \"inbox\" }"}, operator.ErrInvalid, ""},
		"HCL with channels by a function":      {ada, raw("route { to = concat([channel.blue], []) }"), operator.ErrForbidden, ""},
		"a megabyte of HCL":                    {ada, operator.Draft{HCL: block + strings.Repeat("#", 1<<20)}, operator.ErrInvalid, ""},
		"a megabyte in a field":                {ada, operator.Draft{Filled: &form.Filled{Type: "webhook", Name: "made", Team: "red", Arguments: map[string]string{"title": strings.Repeat("x", 1<<20)}}}, operator.ErrInvalid, "argument.title"},
		"a path, and a name with a secret's":   {ada, hook("adas.owner", "red", "red"), operator.ErrInvalid, "name"},
		"a revision that was never there":      {ada, edit(hook("made", "red", "red"), 9), operator.ErrConflict, ""},
		"a type that there is not":             {ada, operator.Draft{Filled: &form.Filled{Type: "nope", Name: "made"}}, operator.ErrInvalid, ""},
		"a name in other letters that look so": {ada, hook("\u0430das", "red", "red"), operator.ErrInvalid, "name"},
	} {
		_, err := r.guard.Save(c.who, c.draft)
		if got := mistakes(err); !errors.Is(err, c.is) || c.field != "" && (len(got) != 1 || got[0] != c.field) {
			t.Errorf("%s: %v at %q, want %v at %q", name, err, got, c.is, c.field)
		}
		if _, err := r.guard.TryConnector(c.who, c.draft); !errors.Is(err, c.is) {
			t.Errorf("%s: trying it says %v, want %v", name, err, c.is)
		}
	}
	for name, pair := range map[string][2]operator.Draft{
		"a channel": {hook("made", "red", "blue"), hook("made", "red", "bluee")}, "a team": {hook("made", "blue", "red"), hook("made", "bluee", "red")},
	} {
		_, there := r.guard.Save(ada, pair[0])
		_, nowhere := r.guard.Save(ada, pair[1])
		if there.Error() != nowhere.Error() || strings.Contains(nowhere.Error(), "blue") {
			t.Errorf("of %s that is not hers Ada hears %q, and of one that there is not %q", name, there, nowhere)
		}
	}
	for _, who := range []context.Context{bea, cyd} {
		if err := r.guard.RemoveBlock(who, "adas", 1); err == nil {
			t.Error("somebody else removes Ada's connector")
		}
		if _, err := r.guard.TakeOver(who, "adas"); err == nil {
			t.Error("somebody else takes Ada's connector over while she is in the team")
		}
	}
	if b, err := r.guard.Blocks(cyd); err != nil || len(b) != 0 {
		t.Errorf("Cyd sees %+v, %v", b, err)
	}
	if e, err := r.guard.Export(cyd); err != nil || strings.Contains(e.HCL, "adas") {
		t.Errorf("Cyd exports %s, %v", e.HCL, err)
	}
	d := hook("impostor", "red", "red")
	d.Filled.Owner = "bea@example.com"
	if b := mustSave(t, ada, r, d); b.Owner != "ada@example.com" {
		t.Errorf("Ada saves as %s", b.Owner)
	}
}

// TestANameIsNotInherited: a removed connector's hook URL and checkpoint are for nobody but
// its owner.
func TestANameIsNotInherited(t *testing.T) {
	r, _, rewrite := running(t, teams("")+"connector \"webhook\" \"former\" {}\n", nil)
	ada, cyd := member("ada@example.com", "red"), member("cyd@example.com", "blue")
	mustSave(t, ada, r, hook("made", "red", "red"))
	url := r.connector(t, "made").HookURL
	if err := r.guard.RemoveBlock(ada, "made", 1); err != nil {
		t.Fatal(err)
	}
	rewrite(teams(""))
	if _, err := r.guard.Reload(ops()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"made", "former"} {
		if _, err := r.guard.Save(cyd, hook(name, "blue", "blue")); len(mistakes(err)) != 1 {
			t.Errorf("Cyd takes the name %s: %v", name, err)
		}
	}
	mustSave(t, ada, r, hook("made", "red", "red"))
	if again := r.connector(t, "made").HookURL; again != url {
		t.Errorf("Ada's own comes back at %s, and was at %s", again, url)
	}
	if err := r.guard.ForgetConnector(ops(), "made"); !errors.Is(err, operator.ErrInvalid) {
		t.Errorf("a saved connector is forgotten: %v", err)
	}
	if err := r.guard.RemoveBlock(ada, "made", 1); err != nil {
		t.Fatal(err)
	}
	if err := r.guard.ForgetConnector(ops(), "made"); err != nil {
		t.Fatal(err)
	}
	if names, err := r.store.Secrets(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("of what is forgotten there is left %q, %v", names, err)
	}
	mustSave(t, cyd, r, hook("made", "blue", "blue"))
	if fresh := r.connector(t, "made").HookURL; fresh == url {
		t.Error("Cyd's has Ada's hook URL")
	}
	if _, err := r.guard.PostCard(cyd, "made", card.Card{Text: "for the blue only"}); err != nil {
		t.Fatal(err)
	}
	if err := r.guard.RemoveBlock(cyd, "made", 1); err != nil {
		t.Fatal(err)
	}
	if err := r.guard.ForgetConnector(ops(), "made"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.guard.Save(ada, hook("made", "red", "red")); len(mistakes(err)) != 1 {
		t.Errorf("Ada takes the name of a forgotten connector, and reads its events: %v", err)
	}
}

// TestWhoLeavesATeamIsSuspendedUntilSomebodyTakesOver.
func TestWhoLeavesATeamIsSuspendedUntilSomebodyTakesOver(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	bea, ada := member("bea@example.com", "red"), member("ada@example.com", "red")
	signIn := func(groups ...string) {
		t.Helper()
		p := store.Person{Name: "bea@example.com", Groups: groups, SignedIn: time.Now()}
		if err := r.store.SavePerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		r.signedIn(t.Context(), p)
	}
	suspended := func() map[string]string { return r.connector(t, "beas").Suspended }
	signIn("g-red")
	d := hook("beas", "red", "red")
	d.Filled.Arguments["secret"], d.Filled.Arguments["signature"] = "CANARY-beas-secret", "hmac-sha256"
	b := mustSave(t, bea, r, d)
	if len(suspended()) != 0 {
		t.Fatalf("it is suspended: %v", suspended())
	}
	if err := r.store.SaveToken(t.Context(), "beas", []byte("Bea's sign-in")); err != nil {
		t.Fatal(err)
	}

	signIn()
	soon(t, "it is suspended", func() bool {
		return strings.Contains(suspended()["red"], "bea@example.com is not a member of team red")
	})
	problems, _ := r.guard.Problems(ada)
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "bea@example.com is not a member of team red") {
		t.Errorf("Ada hears of %v", problems)
	}
	signIn("g-red")
	soon(t, "it goes on", func() bool { return len(suspended()) == 0 })
	signIn()
	soon(t, "it is suspended again", func() bool { return len(suspended()) == 1 })
	b.Filled.Channels = nil
	if _, err := r.guard.Save(member("bea@example.com"), operator.Draft{Filled: b.Filled}); !errors.Is(err, operator.ErrForbidden) {
		t.Errorf("Bea still changes it: %v", err)
	}
	if _, err := r.guard.TakeOver(member("cyd@example.com", "blue"), "beas"); !errors.Is(err, operator.ErrNotFound) {
		t.Errorf("another team takes it over: %v", err)
	}

	b, err := r.guard.TakeOver(ada, "beas")
	if err != nil || b.Owner != "ada@example.com" || b.Revision != 2 || len(suspended()) != 0 {
		t.Fatalf("Ada takes over %+v, %v; suspended %v", b, err, suspended())
	}
	if _, err := r.store.Token(t.Context(), "beas"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Ada has Bea's sign-in: %v", err)
	}
	// The secret goes on with what it was given for, and with nothing else.
	b.Filled.Channels = []string{"red"}
	b.Filled.Schedule = ""
	b = mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
	b.Filled.Arguments["signature_header"] = "X-Other"
	if _, err := r.guard.Save(ada, operator.Draft{Filled: b.Filled}); fmt.Sprint(mistakes(err)) != "[argument.secret]" {
		t.Errorf("Ada uses Bea's secret for something else: %v", err)
	}
	if _, err := r.guard.TryConnector(ada, operator.Draft{Filled: b.Filled}); fmt.Sprint(mistakes(err)) != "[argument.secret]" {
		t.Errorf("Ada tries Bea's secret on something else: %v", err)
	}
	b.Filled.Arguments["secret"] = "CANARY-adas-secret"
	mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
}

// TestASignInStaysWithWhatItWasGivenFor: the owner of a connector that somebody else signed
// in does not send that access elsewhere.
func TestASignInStaysWithWhatItWasGivenFor(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada, bea := member("ada@example.com", "red"), member("bea@example.com", "red")
	signIn := func(who context.Context) {
		t.Helper()
		s, err := r.guard.SignIn(who, "board")
		if err == nil {
			err = r.guard.PasteToken(who, s.ID, "a-token")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b := mustSave(t, ada, r, operator.Draft{Filled: &form.Filled{
		Type: "trello", Name: "board", Team: "red", Channels: []string{"red"}, Disabled: true,
		Arguments: map[string]string{"key": "0123456789abcdef0123456789abcdef", "board": "nC8QJJoZ"},
	}})
	signIn(bea)
	b.Filled.Channels = nil
	b = mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
	b.Filled.Arguments["api"] = "https://ada.example.com"
	if _, err := r.guard.TryConnector(ada, operator.Draft{Filled: b.Filled}); len(mistakes(err)) != 1 {
		t.Errorf("Ada tries Bea's sign-in on something else: %v", err)
	}
	if _, err := r.guard.Save(ada, operator.Draft{Filled: b.Filled}); len(mistakes(err)) != 1 {
		t.Errorf("Ada uses Bea's sign-in for something else: %v", err)
	}
	signIn(ada)
	mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
}

// TestNoAnswerHasASecret: what people give as secrets comes back in no answer, nor in the
// store as it is.
func TestNoAnswerHasASecret(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada := member("ada@example.com", "red")
	d := hook("made", "red", "red")
	d.Filled.Arguments["secret"], d.Filled.Arguments["signature"], d.Filled.Path = "CANARY-secret", "hmac-sha256", "/webhookb2/CANARY0123456789"
	out, err := r.guard.Draft(ada, d)
	if err != nil || len(out.Mistakes) > 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	b := mustSave(t, ada, r, d)
	blocks, _ := r.guard.Blocks(ada)
	e, _ := r.guard.Export(ops())
	list, _ := r.guard.Connectors(ada)
	stored, _ := r.store.Blocks(t.Context())
	var sealed []string
	names, _ := r.store.Secrets(t.Context())
	for _, name := range names {
		s, _ := r.store.Secret(t.Context(), name)
		sealed = append(sealed, string(s))
	}
	everything := fmt.Sprintf("%+v %+v %+v %+v %+v %+v %q %+v %+v", out, *out.Filled, b, blocks, e, list, sealed, stored, *b.Filled)
	everything += fmt.Sprint(b.Filled.Arguments, out.Filled.Arguments, out.HCL)
	if strings.Contains(everything, "CANARY") {
		t.Errorf("a secret comes back: %s", everything)
	}
	if diff := cmp.Diff([]string{"made.owner", "made.path", "made.secret"}, names); diff != "" {
		t.Errorf("sealed are (-want +got):\n%s", diff)
	}
	if r.masker.Mask("CANARY-secret /webhookb2/CANARY0123456789") != "[secret] [secret]" {
		t.Error("the secrets are not masked in the log")
	}
	b.Filled.Kept = nil // she takes them back
	mustSave(t, ada, r, operator.Draft{Filled: b.Filled})
	if names, _ := r.store.Secrets(t.Context()); len(names) != 1 {
		t.Errorf("she has taken back her secrets, and there are %q", names)
	}
}

// TestBoundsOfWhatPeopleSave.
func TestBoundsOfWhatPeopleSave(t *testing.T) {
	r, _, _ := running(t, teams(""), nil)
	ada := member("ada@example.com", "red")
	for i := range 50 {
		b := store.Block{Name: fmt.Sprintf("c%d", i), HCL: fmt.Sprintf("connector \"webhook\" \"c%d\" {\n  owner = \"Ada@example.com\"\n}", i), Owner: "Ada@example.com"}
		if _, err := r.store.SaveBlock(t.Context(), b, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.guard.Save(ada, hook("more", "red", "red")); len(mistakes(err)) != 1 || !strings.Contains(err.Error(), "You have 50 connectors") {
		t.Errorf("one more: %v", err)
	}
	cyd := member("cyd@example.com", "blue")
	d := operator.Draft{Filled: &form.Filled{Type: "x", Name: "often", Team: "blue", Schedule: "@every 1s", Channels: []string{"blue"}, Arguments: map[string]string{"token": "CANARYTOKEN", "search": "relay"}}}
	if _, err := r.guard.Save(cyd, d); fmt.Sprint(mistakes(err)) != "[schedule]" {
		t.Errorf("each second: %v", err)
	}
	var err error
	for i := 0; i < 100 && (err == nil || len(mistakes(err)) > 0); i++ {
		_, err = r.guard.Save(cyd, operator.Draft{Filled: &form.Filled{Type: "webhook", Name: "not a name"}})
	}
	if !errors.Is(err, operator.ErrBusy) || !strings.Contains(err.Error(), "too often") {
		t.Errorf("a hundred at once: %v", err)
	}
}
