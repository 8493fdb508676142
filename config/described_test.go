package config

import (
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/connector/contract"
	"github.com/connector-relay/relay/relay/connector/wire"
)

// FuzzDescribedTypes has the configuration work with whatever a plugin describes and the
// contract lets through: it may refuse it, and must not panic.
func FuzzDescribedTypes(f *testing.F) {
	str, anything := &wire.ValueType{Kind: wire.ValueType_STRING}, &wire.ValueType{Kind: wire.ValueType_ANY}
	object := &wire.ValueType{Kind: wire.ValueType_OBJECT, Attributes: []*wire.Argument{
		{Name: "a", Type: str, Required: true}, {Name: "b", Type: anything, DefaultJson: "1"},
	}}
	for _, a := range []*wire.Argument{
		{Name: "url", Type: str, Required: true, Secret: true},
		{Name: "n", Type: &wire.ValueType{Kind: wire.ValueType_NUMBER}, DefaultJson: "1e99"},
		{Name: "list", Type: &wire.ValueType{Kind: wire.ValueType_LIST, Element: object}, DefaultJson: `[{"a":"x"},null]`},
		{Name: "map", Type: &wire.ValueType{Kind: wire.ValueType_MAP, Element: object}, DefaultJson: `{"a":{"a":"x","b":true}}`},
		{Name: "any", Type: anything, DefaultJson: `[1,"a",{"b":[]}]`},
	} {
		b, err := proto.Marshal(&wire.DescribeResponse{Types: []*wire.Description{{Type: "acme", Polls: true, Receives: true, Arguments: []*wire.Argument{a}}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	path := filepath.Join(f.TempDir(), "relay.hcl")
	text := "channel \"dev\" { type = \"inbox\" }\nconnector \"acme\" \"a\" {\n  url = \"x\"\n  n = \"1\"\n  list = [{ a = 1 }]\n  any = null\n  route {\n    when = event.data.x == 1\n    to = [channel.dev]\n  }\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		m := &wire.DescribeResponse{}
		if proto.Unmarshal(b, m) != nil {
			return
		}
		list, err := contract.Types(m)
		if err != nil {
			return
		}
		types := make(map[string]connector.Type)
		for _, t := range list {
			types[t.Type], types["acme"] = t, t
		}
		file, _ := Parse(Options{Path: path, Systems: systems.All()})
		_, _ = file.Decode(types)
	})
}
