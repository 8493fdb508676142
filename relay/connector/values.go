package connector

import (
	"crypto/sha256"
	"sync"

	"github.com/connector-relay/relay/relay/connector/wire"
)

// maxValues bounds the memory of a process that sees very many connectors come and go; a
// dropped value is created again when it is needed.
const maxValues = 10_000

// values keeps one value per configured connector for as long as its arguments
// stay the same.
type values struct {
	mu   sync.Mutex
	kept map[valueKey]keptValue
}

type valueKey struct{ kind, connector string }

type keptValue struct {
	arguments [sha256.Size]byte
	value     Connector
}

// get returns the connector's value. It calls create when there is none or the arguments changed.
func (v *values) get(w *wire.Call, create func() (Connector, error)) (Connector, error) {
	key := valueKey{w.GetType(), w.GetConnector()}
	sum := sha256.Sum256(w.GetArguments())
	v.mu.Lock()
	defer v.mu.Unlock()
	if kept, ok := v.kept[key]; ok && kept.arguments == sum {
		return kept.value, nil
	}
	value, err := create()
	if err != nil {
		return nil, err
	}
	if v.kept == nil {
		v.kept = make(map[valueKey]keptValue)
	}
	if len(v.kept) >= maxValues {
		for old := range v.kept {
			delete(v.kept, old)
			break
		}
	}
	v.kept[key] = keptValue{arguments: sum, value: value}
	return value, nil
}
