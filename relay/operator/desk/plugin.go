package desk

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/operator"
)

// Plugins implements [operator.Relay].
func (d *Desk) Plugins(context.Context) ([]operator.Plugin, error) {
	list := []operator.Plugin{}
	for _, p := range d.options.Plugins.Status() {
		list = append(list, operator.Plugin{
			Name: p.Name, Path: p.Path, Bundled: p.Bundled, Types: append([]string{}, p.Types...), Version: p.Version,
			Running: p.Running, PID: p.PID, Memory: p.Memory, Generation: p.Generation, Restarts: max(0, p.Generation-1), Problem: p.Problem, Restart: p.Restart,
		})
	}
	return list, nil
}

// PluginLog implements [operator.Relay].
func (d *Desk) PluginLog(_ context.Context, plugin string) ([]operator.LogLine, error) {
	lines, known := d.options.Plugins.Log(plugin)
	if !known {
		return nil, fmt.Errorf("plugin %s: %w; `relay plugin list` lists them", plugin, operator.ErrNotFound)
	}
	list := make([]operator.LogLine, len(lines))
	for i, l := range lines {
		list[i] = operator.LogLine(l)
	}
	return list, nil
}
