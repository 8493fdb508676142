package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/state"
)

func (a *app) storeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Back up, check and restore the store",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.storeBackup(), a.storeCheck(), a.storeRestore())
	return cmd
}

func (a *app) storeBackup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the store to a new file, whether the relay runs or not",
		Long: `Copy the store to a new file, whether the relay runs or not. The copy is a snapshot,
only its owner can read it, and it gets its name once it has been checked.
It does not contain the key for sign-ins, relay.key: keep that separately.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := state.Backup(cmd.Context(), a.config, args[0], a.progress("Copying"))
			if err != nil {
				return err
			}
			return a.showContents("Backed up to", c)
		},
	}
}

func (a *app) storeCheck() *cobra.Command {
	acceptLoss := false
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Read the whole store, or a backup, and say whether it is sound",
		Long: `Read the whole store, or a backup, and say whether it is sound. A running relay is
not held up.

With --accept-loss, a store that does not start because its write-ahead log is
damaged, or belongs to another file, goes on with what is left. The log is kept
beside it.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) == 1 {
				file = args[0]
			}
			if acceptLoss {
				if file != "" {
					return fmt.Errorf("%w: --accept-loss is for the store of the configuration, not for a file", errUsage)
				}
				aside, err := state.AcceptLoss(a.config)
				if err != nil {
					return err
				}
				if aside != "" {
					fmt.Fprintf(a.err, "The damaged log is kept as %s.\n", aside)
				}
			}
			c, err := state.Check(cmd.Context(), a.config, file)
			if err != nil {
				return err
			}
			return a.showContents("Sound:", c)
		},
	}
	cmd.Flags().BoolVar(&acceptLoss, "accept-loss", false, "go on without the contents of a damaged write-ahead log")
	return cmd
}

func (a *app) showContents(what string, c state.Contents) error {
	return a.say(c, "%s %s. Events: %d (the last is %d), deliveries: %d, waiting: %d, dead: %d, connectors: %d.",
		what, c.File, c.Events, c.LastEvent, c.Deliveries, c.Waiting, c.Dead, c.Connectors)
}

func (a *app) storeRestore() *cobra.Command {
	repeat := false
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the store with a backup, while no relay runs",
		Long: `Replace the store with a backup, while no relay runs on it. The old store is
kept beside it.

Nothing is posted twice: what waited in the backup becomes dead letters, which you can
replay, except where the old store says that it still waits; and polls go on from where
the old store was, whose hook URLs, sign-ins and pauses stay as well. Where the old store
cannot be read, connectors start as new ones do, with what happens from now on. With --repeat, what waited in the backup goes out, and
polls go on from the backup's checkpoints, so that cards may be posted again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := state.Restore(cmd.Context(), a.config, args[0], repeat, a.progress("Copying"))
			if err != nil {
				return err
			}
			if a.json {
				return a.showJSON([]state.Restored{r})
			}
			return a.printRestored(args[0], r)
		},
	}
	cmd.Flags().BoolVar(&repeat, "repeat", false, "post again what may have been posted since the backup")
	return cmd
}

func (a *app) printRestored(from string, r state.Restored) error {
	restored := fmt.Sprintf("Restored %s: no events.", from)
	if r.Backup.Events > 0 {
		restored = fmt.Sprintf("Restored %s: %d events up to number %d, accepted by %s.", from, r.Backup.Events, r.Backup.LastEvent,
			r.Backup.LastAccepted.Local().Format("2006-01-02 15:04:05"))
	}
	lines := []string{restored}
	switch {
	case r.Old != nil && r.Old.LastEvent > r.Backup.LastEvent:
		lines = append(lines, fmt.Sprintf("Gone: events %d to %d. Of the old store, %d deliveries waited.", r.Backup.LastEvent+1, r.Old.LastEvent, r.Old.Waiting))
	case r.Old != nil:
		lines = append(lines, "Gone: nothing; the old store had accepted nothing later.")
	case r.Problem != "":
		lines = append(lines, "Gone: whatever was accepted after that. The old store cannot be read: "+r.Problem)
	default:
		lines = append(lines, "Gone: whatever was accepted after that. There was no old store.")
	}
	if r.Aside != "" {
		lines = append(lines, fmt.Sprintf("The old store is kept as %s.", r.Aside))
	}
	if r.Held > 0 {
		lines = append(lines, fmt.Sprintf("Held: %d deliveries that waited in the backup and may have been delivered since. They are dead letters: `relay dead-letters list`.", r.Held))
	}
	lines = append(lines, fmt.Sprintf("Waiting: %d deliveries, which go out when the relay starts.", r.Waiting))
	polls, ok := map[string]string{
		"backup": "Polls go on from the backup's checkpoints: events since the backup are posted again.",
		"old":    "Polls go on from the old store's checkpoints.",
		"now":    "Polls start as those of new connectors: events since the backup are not posted.",
	}[r.Checkpoints]
	if !ok {
		return errors.New("unknown checkpoints: " + r.Checkpoints)
	}
	for _, line := range append(lines, polls) {
		if _, err := fmt.Fprintln(a.out, line); err != nil {
			return err
		}
	}
	return nil
}
