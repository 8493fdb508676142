package saved

import (
	"context"
	"strings"

	"github.com/connector-relay/relay/relay/connector/kinds"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/plan"
)

// exportNote is the head of an exported file.
const exportNote = `# The connectors that people added on the page. In a file they carry on where they are: with
# their hook URLs, checkpoints and history. What secret("…") names stays in the store of
# this relay; on another one, fill it in again.
`

// Export implements [operator.Relay] for what whoever asks sees.
func (k *Keeper) Export(ctx context.Context) (operator.Exported, error) {
	p, err := who(ctx)
	if err != nil {
		return operator.Exported{}, err
	}
	blocks, err := k.options.Store.Blocks(ctx)
	if err != nil {
		return operator.Exported{}, err
	}
	text, n := strings.Builder{}, 0
	text.WriteString(exportNote)
	for _, b := range blocks {
		if sees(p, b) {
			text.WriteString("\n" + strings.TrimSpace(b.HCL) + "\n")
			n++
		}
	}
	return operator.Exported{HCL: text.String(), Connectors: n}, nil
}

func (k *Keeper) types(ctx context.Context) ([]plan.Type, error) { return k.options.Daemon.Types(ctx) }

// Types implements [operator.Relay].
func (k *Keeper) Types(ctx context.Context) ([]operator.ConnectorType, error) {
	types, err := k.types(ctx)
	if err != nil {
		return nil, err
	}
	list := []operator.ConnectorType{}
	for _, t := range types {
		o := operator.ConnectorType{
			Type: t.Type.Type, Title: t.Title, Summary: t.Summary, Version: t.Version, Plugin: t.Plugin, Icon: t.Icon,
			Polls: t.Polls, Receives: t.Receives, SignsIn: t.SignsIn, Schedule: t.Schedule, Fields: form.Fields(t.Type), Kinds: []operator.Kind{},
		}
		for _, kind := range t.Kinds {
			shown := operator.Kind{Kind: kind.Name, Doc: kind.Doc, Noise: kinds.IsNoise(kind)}
			if c, err := kind.Sample.Card.MarshalJSON(); err == nil {
				shown.Card = c
			}
			o.Kinds = append(o.Kinds, shown)
		}
		list = append(list, o)
	}
	return list, nil
}
