package plan

import (
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
