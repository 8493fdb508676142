package api

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
)

func (h *heard) Types(context.Context) ([]operator.ConnectorType, error) {
	return answered(h, []operator.ConnectorType{{Type: "rss", Kinds: []operator.Kind{}, Icon: []byte("<svg/>"), Fields: []form.Field{{Name: "url", Input: form.Text}}}}, "types")
}

func (h *heard) Blocks(context.Context) ([]operator.Block, error) {
	return answered(h, []operator.Block{{Name: "ci", Filled: &form.Filled{Kept: []string{"token"}}}}, "blocks")
}

func (h *heard) Export(context.Context) (operator.Exported, error) {
	return answered(h, operator.Exported{HCL: "connector \"rss\" \"blog\" {}\n", Connectors: 1}, "export")
}

func typed(d operator.Draft) map[string]string {
	if d.Filled == nil {
		return nil
	}
	return d.Filled.Arguments
}

func (h *heard) Draft(_ context.Context, d operator.Draft) (operator.Drafted, error) {
	return answered(h, operator.Drafted{HCL: "<", Mistakes: []form.Mistake{{Field: "argument.url", Message: "missing"}}}, "draft", d.HCL, typed(d), d.Revision)
}

func (h *heard) TryConnector(_ context.Context, d operator.Draft) (operator.Trial, error) {
	return answered(h, operator.Trial{Events: []operator.Event{{Key: "k"}}, Note: "noted"}, "try", d.HCL, typed(d))
}

func (h *heard) Save(_ context.Context, d operator.Draft) (operator.Block, error) {
	return answered(h, operator.Block{Name: "ci", Revision: 2}, "save", d.HCL, typed(d), d.Revision)
}

func (h *heard) RemoveBlock(_ context.Context, connector string, revision int64) error {
	_, err := answered(h, 0, "remove", connector, revision)
	return err
}

func (h *heard) TakeOver(_ context.Context, connector string) (operator.Block, error) {
	return answered(h, operator.Block{Name: "ci", Owner: "ada@example.com"}, "take over", connector)
}

// savedQuestions are those about saved connectors.
func savedQuestions(ctx context.Context) map[string]func(operator.Relay) (any, error) {
	draft := operator.Draft{Filled: &form.Filled{Arguments: map[string]string{"url": "<&>", "lines": "a\nb"}}, HCL: "\"", Revision: 7}
	return map[string]func(operator.Relay) (any, error){
		"Types":        func(r operator.Relay) (any, error) { return r.Types(ctx) },
		"Blocks":       func(r operator.Relay) (any, error) { return r.Blocks(ctx) },
		"Export":       func(r operator.Relay) (any, error) { return r.Export(ctx) },
		"Draft":        func(r operator.Relay) (any, error) { return r.Draft(ctx, draft) },
		"TryConnector": func(r operator.Relay) (any, error) { return r.TryConnector(ctx, draft) },
		"Save":         func(r operator.Relay) (any, error) { return r.Save(ctx, draft) },
		"RemoveBlock":  func(r operator.Relay) (any, error) { return nil, r.RemoveBlock(ctx, "a/b c?d", 7) },
		"TakeOver":     func(r operator.Relay) (any, error) { return r.TakeOver(ctx, "a/b c?d") },
	}
}

// TestMistakesCrossTheSocket: whoever saves from elsewhere can show them beside the fields.
func TestMistakesCrossTheSocket(t *testing.T) {
	want := []form.Mistake{{Field: "argument.url", Message: "This is required."}, {Message: "It is <odd>."}}
	client := overSocket(t, &heard{err: &operator.MistakenError{Mistakes: want}})
	_, err := client.Save(t.Context(), operator.Draft{Filled: &form.Filled{}})
	got, ok := errors.AsType[*operator.MistakenError](err)
	if !ok || !errors.Is(err, operator.ErrInvalid) {
		t.Fatalf("the client says %v", err)
	}
	if diff := cmp.Diff(want, got.Mistakes); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}
