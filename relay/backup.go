package relay

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/config"
	"github.com/connector-relay/relay/relay/store/sqlite"
)

// Progress is told how many bytes of a long work are done, and about how many there
// are.
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
	file, err := storePath(path)
	if err != nil {
		return Contents{}, err
	}
	c, err := sqlite.Backup(ctx, file, to, progress)
	if err != nil {
		return Contents{}, fmt.Errorf("back up %s: %w", file, err)
	}
	return Contents{File: to, Contents: c}, nil
}

// Check reads the whole of a store or backup; with no file named, of the
// configuration's store.
func Check(ctx context.Context, path, file string) (Contents, error) {
	if file == "" {
		var err error
		if file, err = storePath(path); err != nil {
			return Contents{}, err
		}
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
	file, err := storePath(path)
	if err != nil {
		return "", err
	}
	return sqlite.AcceptLoss(file)
}

// Restore puts a backup in the place of the configuration's store.
func Restore(ctx context.Context, path, from string, repeat bool, progress Progress) (Restored, error) {
	file, err := storePath(path)
	if err != nil {
		return Restored{}, err
	}
	r, err := sqlite.Restore(ctx, sqlite.RestoreOptions{Path: file, From: from, Repeat: repeat, Progress: progress})
	if err != nil {
		return r, fmt.Errorf("restore %s: %w", file, err)
	}
	return r, nil
}

// storePath returns the store's file of a configuration, of which no more need be
// right than that it can be read.
func storePath(path string) (string, error) {
	file, diags := config.Parse(path)
	if !file.Readable() {
		return "", file.Error(diags)
	}
	return file.Store(), nil
}
