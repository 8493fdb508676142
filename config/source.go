package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Source is one text of a configuration.
type Source struct {
	// Name is what diagnostics call it: a file's path.
	Name string
	Text []byte
	// Open says that every user of the machine can read it.
	Open bool
}

// Format implements [fmt.Formatter]: there may be secrets in the text.
func (s Source) Format(w fmt.State, _ rune) { fmt.Fprintf(w, "[%s, %d bytes]", s.Name, len(s.Text)) }

// read reads the configuration: a file, or the .hcl files of a folder by name, without
// those that are hidden or in further folders.
func read(path string) ([]Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		s, err := readFile(path)
		return []Source{s}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	list := []Source{}
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		if strings.HasPrefix(e.Name(), ".") || filepath.Ext(name) != ".hcl" {
			continue
		}
		if info, err := os.Stat(name); err == nil && info.IsDir() { // which may be behind a link
			continue
		}
		s, err := readFile(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func readFile(path string) (Source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Source{}, err
	}
	info, err := os.Stat(path)
	return Source{Name: path, Text: text, Open: err == nil && info.Mode().Perm()&0o004 != 0}, nil
}

// Files returns the paths of the files that are a configuration: the path itself, or the
// .hcl files of a folder.
func Files(path string) ([]string, error) {
	sources, err := read(path)
	var paths []string
	for _, s := range sources {
		paths = append(paths, s.Name)
	}
	return paths, err
}

// load reads the sources and says what keeps it from that.
func (f *File) load(path string) *hcl.Diagnostic {
	var err error
	switch f.sources, err = read(path); {
	case errors.Is(err, fs.ErrNotExist):
		return unreadable("No configuration", fmt.Sprintf("There is no configuration file %q. Create it, or name another with -c FILE.", path))
	case err != nil:
		name := path
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			name = e.Path
		}
		return unreadable("Configuration cannot be read", fmt.Sprintf("The file %q cannot be read: %s.", name, withoutPath(err)))
	case len(f.sources) == 0:
		return unreadable("No configuration", fmt.Sprintf("There is no .hcl file in the folder %q. Create one, such as %q.", path, filepath.Join(path, "relay.hcl")))
	}
	return nil
}

func unreadable(summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail}
}

// Sources returns what was parsed. [Parse] makes the same of it again, whatever has become
// of the files.
func (f *File) Sources() []Source { return f.sources }

// text is the source text of a range's file.
func (f *File) text(name string) []byte {
	if file := f.files[name]; file != nil {
		return file.Bytes
	}
	return nil
}

// open reports whether every user of the machine can read what stands at a place.
func (f *File) open(place hcl.Range) bool {
	for _, s := range f.sources {
		if s.Name == place.Filename {
			return s.Open
		}
	}
	return false
}

// folder is the absolute directory in which a configuration's relative paths start.
func folder(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	if info, err := os.Stat(abs); err == nil && info.IsDir() {
		return abs
	}
	return filepath.Dir(abs)
}
