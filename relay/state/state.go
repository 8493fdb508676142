// Package state looks after what outlives a relay: it opens the store, and backs it up,
// checks and restores it, whether a relay runs or not. The configuration says where
// everything is.
//
// This is the only place that knows which kind of store a relay has.
package state

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/chat/systems"
	"github.com/connector-relay/relay/relay/store"
	"github.com/connector-relay/relay/relay/store/sqlite"
)

// Open opens the store of a configuration. Use limit to change later how much of the disk
// it may take.
func Open(ctx context.Context, c config.Relay, log zerolog.Logger, metrics prometheus.Registerer) (s store.Store, limit func(config.Disk), err error) {
	limits := func(d config.Disk) sqlite.Limits { return sqlite.Limits{MinFree: d.MinFree, MaxSize: d.MaxStore} }
	file, err := sqlite.Open(ctx, sqlite.Options{Path: c.Store, Log: log, Metrics: metrics, Limits: limits(c.Disk)})
	if err != nil {
		return nil, nil, fmt.Errorf("open store %s: %w", c.Store, err)
	}
	return file, func(d config.Disk) { file.Limit(limits(d)) }, nil
}

// Progress is called with how many bytes of a long operation are done, and about how many
// there are.
type Progress = sqlite.Progress

// Contents is what a store holds, in numbers, and where it is.
type Contents struct {
	File string `json:"file"`
	sqlite.Contents
}

// Restored says what a restore did.
type Restored = sqlite.Restored

// Backup copies the store of a configuration, whether a relay runs on it or not.
func Backup(ctx context.Context, path, to string, progress Progress) (Contents, error) {
	at, err := Of(path)
	if err != nil {
		return Contents{}, err
	}
	c, err := sqlite.Backup(ctx, at.Store, to, progress)
	if err != nil {
		return Contents{}, fmt.Errorf("back up %s: %w", at.Store, err)
	}
	return Contents{File: to, Contents: c}, nil
}

// Check reads a whole store or backup; without a file, the configuration's store.
func Check(ctx context.Context, path, file string) (Contents, error) {
	if file == "" {
		at, err := Of(path)
		if err != nil {
			return Contents{}, err
		}
		file = at.Store
	}
	c, err := sqlite.Check(ctx, file)
	if err != nil {
		return Contents{}, fmt.Errorf("check %s: %w", file, err)
	}
	return Contents{File: file, Contents: c}, nil
}

// AcceptLoss lets a relay start on a store whose write-ahead log is damaged, with what
// is left. It returns where the damaged log is kept; that is empty when there was none.
func AcceptLoss(path string) (aside string, err error) {
	at, err := Of(path)
	if err != nil {
		return "", err
	}
	return sqlite.AcceptLoss(at.Store)
}

// Restore replaces the configuration's store with a backup.
func Restore(ctx context.Context, path, from string, repeat bool, progress Progress) (Restored, error) {
	at, err := Of(path)
	if err != nil {
		return Restored{}, err
	}
	r, err := sqlite.Restore(ctx, sqlite.RestoreOptions{Path: at.Store, From: from, Repeat: repeat, Progress: progress})
	if err != nil {
		return r, fmt.Errorf("restore %s: %w", at.Store, err)
	}
	return r, nil
}

// Of returns where the relay of a configuration keeps what outlives it. The configuration
// must exist, but need not be valid: a person who is in the middle of changing it still
// wants to know how the relay is doing.
func Of(path string) (config.State, error) {
	file, diags := config.Parse(config.Options{Path: path, Systems: systems.All()})
	if !file.Readable() {
		return config.State{}, file.Error(diags)
	}
	return file.State(), nil
}
