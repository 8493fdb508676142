package form

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/secret"
)

// namePattern is narrower than what the language allows: a name made here stands in URLs
// and in commands, and must not look like another's.
const namePattern = `^[A-Za-z][A-Za-z0-9_-]{0,63}$`

// Write makes the block's HCL. The problems are those that only a form can have; what the
// values mean is for the configuration to judge, which reads the HCL.
func (f Filled) Write(t connector.Type) (Written, []Mistake) {
	w := writer{form: f, secrets: make(map[string]secret.Value)}
	file := hclwrite.NewEmptyFile()
	block := file.Body().AppendNewBlock("connector", []string{t.Type, f.Name})
	w.body = block.Body()
	if !regexp.MustCompile(namePattern).MatchString(f.Name) {
		w.problem(FieldName, "The name starts with a letter and has only letters from a to z, digits, - and _, 64 at most.")
	}
	w.text(FieldOwner, "owner", f.Owner)
	w.reference(FieldTeam, "team", f.Team)
	w.arguments(t)
	w.own()
	w.route(t)
	if len(w.problems) > 0 {
		return Written{}, w.problems
	}
	return Written{HCL: string(hclwrite.Format(file.Bytes())), Secrets: w.secrets}, nil
}

type writer struct {
	form Filled
	body *hclwrite.Body
	// gap says that a blank line comes before the next attribute.
	gap      bool
	secrets  map[string]secret.Value
	problems []Mistake
}

func (w *writer) problem(field, format string, a ...any) {
	w.problems = append(w.problems, Mistake{Field: field, Message: fmt.Sprintf(format, a...)})
}

func (w *writer) set(name string, value hclwrite.Tokens) {
	if w.gap {
		w.body.AppendNewline()
		w.gap = false
	}
	w.body.SetAttributeRaw(name, value)
}

// text writes one of the relay's own attributes.
func (w *writer) text(field, name, value string) {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
	case !utf8.ValidString(value) || len(value) > longestText:
		w.problem(field, "This is no text, or too long.")
	default:
		w.set(name, hclwrite.TokensForValue(cty.StringVal(value)))
	}
}

// reference writes a name such as team.platform.
func (w *writer) reference(field, sort, name string) {
	if name == "" {
		return
	}
	if tokens, ok := reference(sort, name); ok {
		w.set(sort, tokens)
	} else {
		w.problem(field, "There is no %s of this name.", sort)
	}
}

// reference makes the tokens of a name such as channel.lobby, or channel.alerts["eu"]
// where one block declares several.
func reference(sort, name string) (hclwrite.Tokens, bool) {
	steps, diags := hclsyntax.ParseTraversalAbs([]byte(sort+"."+name), "", hcl.InitialPos)
	if diags.HasErrors() || len(steps) < 2 || len(steps) > 3 {
		return nil, false
	}
	if _, ok := steps[1].(hcl.TraverseAttr); !ok {
		return nil, false
	}
	if len(steps) == 3 {
		if index, ok := steps[2].(hcl.TraverseIndex); !ok || index.Key.Type() != cty.String {
			return nil, false
		}
	}
	return hclwrite.TokensForTraversal(steps), true
}

// arguments writes the plugin's arguments, in the schema's order.
func (w *writer) arguments(t connector.Type) {
	chooses, _ := ChoosesKinds(t)
	known := make(map[string]bool)
	for _, a := range t.Arguments {
		known[a.Name] = true
		switch text := w.form.Arguments[a.Name]; {
		case a.Name == chooses:
			if len(w.form.Kinds) > 0 {
				w.set(a.Name, tokens(texts(w.form.Kinds)))
			}
		case a.Secret:
			w.secret(a, text)
		case strings.TrimSpace(text) != "":
			if v, err := parse(a, text); err != nil {
				w.problem(ArgumentField(a.Name), "This cannot be read: %s.", err)
			} else {
				w.set(a.Name, tokens(v))
			}
		case a.Required:
			w.problem(ArgumentField(a.Name), "This is required.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.form.Arguments)) {
		if !known[name] {
			w.problem(ArgumentField(name), "A connector of type %s has no argument %s.", t.Type, name)
		}
	}
}

// secret writes where the secret is, and hands over the text itself if it is new.
func (w *writer) secret(a connector.Argument, text string) {
	field := ArgumentField(a.Name)
	if a.Name == FieldPath {
		field = FieldPath
	}
	name := SecretName(w.form.Name, a.Name)
	switch {
	case strings.TrimSpace(text) != "":
		v, err := parse(a, strings.Trim(text, "\r\n"))
		if err != nil {
			w.problem(field, "This cannot be read: %s.", err)
			return
		}
		stored, err := sealable(a, v)
		if err != nil {
			w.problem(field, "This cannot be stored: it is no value that JSON can hold.")
			return
		}
		w.secrets[name] = secret.New(stored)
	case slices.Contains(w.form.Kept, a.Name):
	case a.Required:
		w.problem(field, "This is required.")
		return
	default:
		return
	}
	call := hclwrite.TokensForFunctionCall("secret", hclwrite.TokensForValue(cty.StringVal(name)))
	if encodes(a) {
		call = hclwrite.TokensForFunctionCall("jsondecode", call)
	}
	w.set(a.Name, call)
}

// own writes the relay's own attributes that come after the plugin's.
func (w *writer) own() {
	w.gap = len(w.body.Attributes()) > 0
	w.text(FieldSchedule, "schedule", w.form.Schedule)
	w.text(FieldMaxSilence, "max_silence", w.form.MaxSilence)
	w.secret(pathArgument(), w.form.Path)
	w.expires()
	if w.form.Disabled {
		w.set("enabled", hclwrite.TokensForValue(cty.False))
	}
}

// pathArgument describes the path as if it were one of a plugin's arguments.
func pathArgument() connector.Argument {
	return connector.Argument{Name: FieldPath, Type: connector.ValueType{Kind: connector.ValueString}, Secret: true}
}

// expires takes what a date field of a browser posts, or a whole time.
func (w *writer) expires() {
	text := strings.TrimSpace(w.form.Expires)
	if text == "" {
		return
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if _, err := time.Parse(layout, text); err == nil {
			w.set("expires", hclwrite.TokensForValue(cty.StringVal(text)))
			return
		}
	}
	w.problem(FieldExpires, "Write a day such as 2027-01-31, or a time such as 2027-01-31T18:00:00+01:00.")
}

// route writes where the events go; without channels they go nowhere, and there is no
// route.
func (w *writer) route(t connector.Type) {
	when := w.when(t)
	var to []hclwrite.Tokens
	for _, name := range w.form.Channels {
		if tokens, ok := reference("channel", name); ok {
			to = append(to, tokens)
		} else {
			w.problem(FieldChannels, "There is no channel %q.", name)
		}
	}
	if len(to) == 0 && when == nil {
		return
	}
	if len(w.body.Attributes()) > 0 {
		w.body.AppendNewline()
	}
	route := w.body.AppendNewBlock("route", nil).Body()
	if when != nil {
		route.SetAttributeRaw("when", when)
	}
	route.SetAttributeRaw("to", hclwrite.TokensForTuple(to))
}

// when joins the kinds, unless an argument has them, and the condition.
func (w *writer) when(t connector.Type) hclwrite.Tokens {
	var kinds string
	if _, ok := ChoosesKinds(t); !ok && len(w.form.Kinds) > 0 {
		kinds = "contains(" + string(hclwrite.Format(tokens(texts(w.form.Kinds)).Bytes())) + ", event.kind)"
	}
	condition := strings.TrimSpace(strings.ReplaceAll(w.form.Condition, "\r\n", "\n"))
	if condition == "" {
		return source(kinds)
	}
	if problem := conditionProblem(condition); problem != "" {
		w.problem(FieldCondition, "%s", problem)
		return nil
	}
	switch {
	case kinds != "":
		return source(kinds + " && (" + condition + ")")
	case strings.Contains(condition, "\n"):
		return source("(" + condition + ")")
	}
	return source(condition)
}

// conditionProblem says why a text cannot stand in the block as one expression. A comment
// could hide what follows it, and a heredoc ends where its writer says.
func conditionProblem(text string) string {
	if len(text) > longestCondition || !utf8.ValidString(text) || strings.HasPrefix(text, "\ufeff") {
		return fmt.Sprintf("A condition is a text of at most %d bytes.", longestCondition)
	}
	if err := outrageous(text); err != nil {
		return fmt.Sprintf("This cannot be read: %s.", err)
	}
	list, _ := hclsyntax.LexExpression([]byte(text), "", hcl.InitialPos)
	for _, t := range list {
		if t.Type == hclsyntax.TokenComment || t.Type == hclsyntax.TokenOHeredoc {
			return "A condition here has no comments and no heredocs."
		}
	}
	if _, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos); diags.HasErrors() {
		d := diags[0]
		return fmt.Sprintf("This is not an expression: %s. %s", d.Summary, d.Detail)
	}
	return ""
}

// source makes tokens of an expression that has been parsed.
func source(text string) hclwrite.Tokens {
	if text == "" {
		return nil
	}
	list, _ := hclsyntax.LexExpression([]byte(text), "", hcl.InitialPos)
	var out hclwrite.Tokens
	end := 0
	for _, t := range list {
		if t.Type == hclsyntax.TokenEOF {
			break
		}
		out = append(out, &hclwrite.Token{Type: t.Type, Bytes: t.Bytes, SpacesBefore: t.Range.Start.Byte - end})
		end = t.Range.End.Byte
	}
	return out
}
