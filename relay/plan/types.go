package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/plugins"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/connector"
	"github.com/connector-relay/relay/relay/pluginhost"
)

// Types asks plugins which connector types they implement: the bundled plugin of this
// type, or else all bundled plugins and those of the configuration, if there is one. No
// relay needs to run.
func Types(ctx context.Context, path, typ, version string) (map[string]connector.Type, error) {
	host := pluginhost.New(pluginhost.Options{Version: version})
	defer host.Close()
	wanted := slices.Sorted(maps.Keys(plugins.Bundled()))
	if _, bundled := plugins.Bundled()[typ]; bundled {
		wanted = []string{typ}
	}
	list, err := pluginhost.Bundled(wanted...)
	if err != nil {
		return nil, err
	}
	if len(wanted) > 1 {
		// A file that is missing or has mistakes adds no plugins.
		if file, diags := config.Parse(config.Options{Path: path, Systems: systems.All()}); !diags.HasErrors() {
			configured, err := specs(file)
			if err != nil {
				return nil, err
			}
			list = append(list, slices.DeleteFunc(configured, func(s pluginhost.Spec) bool { return s.Bundled })...)
		}
	}
	set, err := host.Prepare(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("start the plugins: %w", err)
	}
	defer set.Discard()
	if err := errors.Join(set.Await(ctx)...); err != nil {
		return nil, fmt.Errorf("start the plugins: %w", err)
	}
	return maps.Clone(set.Types()), nil
}

// Type is a connector type, and the plugin that has it.
type Type struct {
	connector.Type
	// Plugin is the plugin's name.
	Plugin string
}

// Gallery asks all plugins that a configuration can have which connector types they
// implement, by title: its own, those in its directory, and the bundled ones. It starts
// those that do not run, and ends them again.
func Gallery(ctx context.Context, o Options) ([]Type, error) {
	file, diags := o.parse(nil)
	if err := file.Error(diags); err != nil {
		return nil, err
	}
	configured, err := specs(file)
	if err != nil {
		return nil, err
	}
	bundled, err := pluginhost.Bundled(slices.Sorted(maps.Keys(plugins.Bundled()))...)
	if err != nil {
		return nil, err
	}
	set, err := o.Host.Prepare(ctx, append(bundled, slices.DeleteFunc(configured, func(s pluginhost.Spec) bool { return s.Bundled })...))
	if err != nil {
		return nil, fmt.Errorf("start the plugins: %w", err)
	}
	defer set.Discard()
	set.Await(ctx) // whoever looks at the gallery can do nothing about a plugin that is broken
	var list []Type
	for typ, t := range set.Types() {
		list = append(list, Type{Type: t, Plugin: set.Plugin(typ)})
	}
	slices.SortFunc(list, func(a, b Type) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Type.Type, b.Type.Type))
	})
	return list, nil
}
