package language

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// largest bounds what the function file reads: far more than any token, and too little
// to exhaust the memory if the path is wrong.
const largest = 1 << 20

// sourceError is an error of env or file. Its text is ours and shows no value.
type sourceError struct{ summary, detail string }

func (e *sourceError) Error() string { return e.detail }

// envFunction reads the environment. Its result is hidden; a default, which is written
// in the configuration, is not.
func envFunction() function.Function {
	return function.New(&function.Spec{
		Description: "The value of an environment variable.",
		Params:      []function.Parameter{{Name: "name", Type: cty.String, AllowMarked: true}},
		VarParam:    &function.Parameter{Name: "default", Type: cty.String, AllowNull: true, AllowMarked: true},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name, marks := args[0].Unmark()
			if len(args) > 2 {
				return cty.NilVal, &sourceError{"Too many arguments", "The function env takes a variable's name and at most one default."}
			}
			if text, ok := os.LookupEnv(name.AsString()); ok {
				return hide(cty.StringVal(text)).WithMarks(marks), nil
			}
			if len(args) == 2 {
				return args[1].WithMarks(marks), nil
			}
			shown := name.AsString()
			if len(marks) > 0 {
				shown = "with a hidden name"
			}
			return cty.NilVal, &sourceError{
				"Environment variable not set",
				fmt.Sprintf("The environment variable %s is not set. Set it where the relay is started, or give a default: env(%q, \"…\").", shown, shown),
			}
		},
	})
}

// fileFunction reads a file, without its final line break. Relative paths start at dir.
// The result is hidden.
func fileFunction(dir string) function.Function {
	return function.New(&function.Spec{
		Description: "The content of a file, without its final line break.",
		Params:      []function.Parameter{{Name: "path", Type: cty.String, AllowMarked: true}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name, marks := args[0].Unmark()
			text, err := readText(Path(dir, name.AsString()))
			if err != nil {
				shown := fmt.Sprintf("%q", name.AsString())
				if len(marks) > 0 {
					shown = "with a hidden path"
				}
				return cty.NilVal, &sourceError{
					"File cannot be read",
					fmt.Sprintf("The file %s cannot be read: %s. Relative paths start at the configuration's directory.", shown, cause(err)),
				}
			}
			return hide(cty.StringVal(text)).WithMarks(marks), nil
		},
	})
}

// placeholder stands for a secret that is in a store which is not at hand.
const placeholder = "https://placeholder.invalid/0123456789abcdef"

// IsPlaceholder reports whether a text is what secret returns without a store.
func IsPlaceholder(text string) bool { return text == placeholder }

// SecretFunction reads secrets that the relay keeps sealed in its store, by the names that
// saved blocks use, such as "ci.token". Read's errors must not show a value. Without read,
// every secret exists, and is a placeholder. The result is hidden.
func SecretFunction(read func(name string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Description: "A secret that the relay keeps sealed in its store, such as secret(\"ci.token\").",
		Params:      []function.Parameter{{Name: "name", Type: cty.String, AllowMarked: true}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if read == nil {
				return hide(cty.StringVal(placeholder)), nil
			}
			name, _ := args[0].Unmark()
			text, err := read(name.AsString())
			if err != nil {
				return cty.NilVal, &sourceError{"Secret cannot be read", fmt.Sprintf("The secret cannot be read: %s.", err)}
			}
			return hide(cty.StringVal(text)), nil
		},
	})
}

// Path makes a path in the configuration absolute.
func Path(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

var (
	errTooLarge = errors.New("it is larger than 1 MiB")
	errNotText  = errors.New("it is not UTF-8 text")
	errNotFile  = errors.New("it is a directory")
)

func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return "", errNotFile
	}
	b, err := io.ReadAll(io.LimitReader(f, largest+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > largest:
		return "", errTooLarge
	case !utf8.Valid(b):
		return "", errNotText
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// cause is an error without the path, which the caller shows or hides.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
