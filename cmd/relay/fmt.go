package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/config"
)

func (a *app) fmtCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "fmt [FILE|FOLDER|-]...",
		Short: "Format configuration files",
		Long: `Format configuration files, in place, and print the names of those
that changed. Of a folder these are its .hcl files. Without a name it is the
configuration; "-" reads standard input and writes standard output.`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{a.config}
			}
			files, err := filesOf(args)
			if err != nil {
				return fmt.Errorf("read configuration: %w", err)
			}
			changed := 0
			for _, name := range files {
				c, err := a.format(name, check)
				if err != nil {
					return err
				}
				if c {
					changed++
				}
			}
			if check && changed > 0 {
				return fmt.Errorf("%d files are not formatted; run `relay fmt`", changed)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "change nothing; fail when something would change")
	return cmd
}

// filesOf returns the files that arguments name, with those in folders.
func filesOf(args []string) ([]string, error) {
	var files []string
	for _, name := range args {
		list := []string{name}
		if name != "-" {
			var err error
			if list, err = config.Files(name); err != nil {
				return nil, err
			}
		}
		files = append(files, list...)
	}
	return files, nil
}

// format formats one file and reports whether that changed it.
func (a *app) format(name string, check bool) (bool, error) {
	if name == "-" {
		src, err := io.ReadAll(a.in)
		if err != nil {
			return false, fmt.Errorf("read standard input: %w", err)
		}
		out := a.out
		if !isTerminal(out) {
			out = unwrap(out) // into a file, byte for byte
		}
		_, err = out.Write(config.Format(src))
		return false, err
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return false, fmt.Errorf("read configuration: %w", err)
	}
	formatted := config.Format(src)
	if bytes.Equal(src, formatted) {
		return false, nil
	}
	fmt.Fprintln(a.out, name)
	if check {
		return true, nil
	}
	return true, rewrite(name, formatted)
}

// rewrite replaces a file's content and keeps its mode.
func rewrite(name string, content []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	if err := os.WriteFile(name, content, info.Mode().Perm()); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
