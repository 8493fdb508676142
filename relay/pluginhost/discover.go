package pluginhost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/connector-relay/relay/relay/private"
)

const (
	prefix     = "relay-plugin-"
	pluginName = `^[a-z0-9][a-z0-9._-]{0,62}$`
)

// Discover lists the plugins in a directory: executables named relay-plugin-NAME. A
// missing directory holds none; one that other users can change is an error. An
// executable that other users can change, or with an invalid name, is listed as unfit
// rather than skipped, because somebody expects it to run.
func Discover(dir string) ([]Spec, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for plugins: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("look for plugins: %w", err)
	}
	if err := private.Path(dir); err != nil {
		return nil, fmt.Errorf("relay.plugin_dir: %w", err)
	}
	var specs []Spec
	for _, entry := range entries {
		name, ok := strings.CutPrefix(entry.Name(), prefix)
		if !ok {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		if err == nil && (!info.Mode().IsRegular() || !isExecutable(info)) {
			continue
		}
		name = strings.ToValidUTF8(strings.TrimSuffix(name, ".exe"), "?")
		switch {
		case err != nil:
		case !regexp.MustCompile(pluginName).MatchString(name):
			err = fmt.Errorf("%s: a plugin's name has only lower-case letters, digits and . _ -; rename it", path)
		default:
			err = private.Path(path)
		}
		specs = append(specs, Spec{Name: name, Path: path, Found: true, Unfit: err})
	}
	return specs, nil
}

func isExecutable(info fs.FileInfo) bool {
	return runtime.GOOS == "windows" || info.Mode().Perm()&0o111 != 0
}

// Bundled returns the plugins in the relay's own executable, which runs itself as
// `relay plugin serve TYPE`. Of the relay's environment they get only the variables for
// trusted certificates and the time zone.
func Bundled(types ...string) ([]Spec, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the relay's own executable: %w", err)
	}
	var env []string
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "TZ"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	specs := make([]Spec, len(types))
	for i, typ := range types {
		specs[i] = Spec{Name: typ, Path: path, Args: []string{"plugin", "serve", typ}, Env: env, Bundled: true}
	}
	return specs, nil
}

// identity is equal for two specs that one process can serve. A changed executable
// changes it, so that a reload takes it up.
func (s Spec) identity() (string, error) {
	if s.Unfit != nil {
		return "", s.Unfit
	}
	id := fmt.Sprintf("%q %q %q %x %q %v %v", s.Name, s.Path, s.Args, s.SHA256, s.Env, s.Bundled, s.Found)
	if s.Bundled {
		return id, nil
	}
	info, err := os.Stat(s.Path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %d", id, info.Size(), info.ModTime().UnixNano()), nil
}
