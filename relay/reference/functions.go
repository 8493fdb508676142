package reference

import (
	"maps"
	"slices"
	"strconv"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/connector-relay/relay/relay/route/language"
)

// Function is a function of relay.hcl.
type Function struct {
	Name       string   `json:"function"`
	Parameters []string `json:"parameters"`
	Doc        string   `json:"doc"`
}

// Functions lists the functions of relay.hcl by name.
func Functions() []Function {
	functions := language.Functions(".")
	var list []Function
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		list = append(list, Function{Name: name, Parameters: parameters(functions[name]), Doc: functions[name].Description()})
	}
	return list
}

func parameters(f function.Function) []string {
	name := func(p function.Parameter, nth int) string {
		if p.Name != "" {
			return p.Name
		}
		if p.Type != cty.DynamicPseudoType {
			return p.Type.FriendlyName()
		}
		return "value" + strconv.Itoa(nth)
	}
	list := []string{}
	for i, p := range f.Params() {
		list = append(list, name(p, i+1))
	}
	if p := f.VarParam(); p != nil {
		list = append(list, name(*p, len(list)+1)+"…")
	}
	return list
}
