package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/connector-relay/relay/relay/route/language"
	"github.com/connector-relay/relay/relay/secret"
)

func pluginSchema() language.Schema {
	return language.Schema{
		Title: "a plugin block",
		Attributes: []language.Attribute{
			{Name: "path", Required: true, Doc: "the plugin's executable"}, {Name: "sha256"}, {Name: "env"},
		},
	}
}

func (f *File) plugin(block *hclsyntax.Block) {
	body := block.Body
	p := Plugin{Name: block.Labels[0]}
	f.add(f.check(pluginSchema(), body, block.DefRange())...)
	if s, ok := f.readText(body, "path", "the path of an executable"); ok {
		p.Path = f.executable(s)
	} else if body.Attributes["path"] != nil && !f.diags.HasErrors() {
		f.error("Missing attribute", "The attribute path is null; name the plugin's executable.", body.Attributes["path"].Expr.Range())
	}
	if s, ok := f.readText(body, "sha256", "a checksum of 64 hexadecimal digits"); ok {
		sum, err := hex.DecodeString(s.text())
		if err != nil || len(sum) != 32 {
			f.error("Not a checksum", fmt.Sprintf("The attribute sha256 takes 64 hexadecimal digits, as `sha256sum` prints them; this has %d characters.", len(s.text())), s.place)
		} else {
			p.SHA256 = sum
			f.checkSum(p, s)
		}
	}
	p.Env = f.readEnv(body)
	f.config.Plugins = append(f.config.Plugins, p)
}

// executable checks that a path is an executable file.
func (f *File) executable(s setting) string {
	path := language.Path(f.dir, s.text())
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.error("Plugin not found", s.file()+" does not exist. Relative paths start at the configuration's directory.", s.place)
	case err != nil:
		f.error("Plugin not found", fmt.Sprintf("%s cannot be found: %s.", s.file(), withoutPath(err)), s.place)
	case info.IsDir():
		f.error("Plugin not found", s.file()+" is a directory; use relay.plugin_dir for a directory of plugins.", s.place)
	case info.Mode().Perm()&0o111 == 0:
		f.error("Plugin not executable", s.file()+" is not executable. Run chmod +x on it.", s.place)
	}
	return path
}

// checkSum checks the executable against its pin, to report the place in the file. The
// plugins' host checks again what it starts.
func (f *File) checkSum(p Plugin, pin setting) {
	file, err := os.Open(p.Path)
	if err != nil {
		return // reported elsewhere
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil || bytes.Equal(sum.Sum(nil), p.SHA256) {
		return
	}
	f.error("Wrong checksum", fmt.Sprintf("The executable's SHA-256 is %x, which differs from the pinned one. If you replaced the executable, update sha256; if you did not, somebody else did.", sum.Sum(nil)), pin.place)
}

// readEnv reads a plugin's environment. Any value may be a secret.
func (f *File) readEnv(body *hclsyntax.Body) map[string]secret.Value {
	attr := body.Attributes["env"]
	if attr == nil {
		return nil
	}
	f.redact(attr.Expr)
	v, _, ok := f.evaluate(attr.Expr, f.scope, true)
	if !ok || v.IsNull() {
		return nil
	}
	v, err := convert.Convert(v, cty.Map(cty.String))
	if err != nil {
		f.error("Wrong type", "The attribute env is an object of texts, such as { REGION = \"eu\" }.", attr.Expr.Range())
		return nil
	}
	env := make(map[string]secret.Value)
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		name := key.AsString()
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00 "):
			f.error("Unusable name", "The name of an environment variable cannot be empty or contain '=' or a space.", attr.Expr.Range())
		case value.IsNull():
			f.error("Wrong type", "A value in env is null. Leave the variable out, or write \"\".", attr.Expr.Range())
		case strings.Contains(value.AsString(), "\x00"):
			f.error("Wrong type", "A value in env contains a NUL character, which an environment cannot hold.", attr.Expr.Range())
		default:
			env[name] = newSecret(value.AsString(), f.fileOf(f.named(attr.Expr, name)))
		}
	}
	return env
}

// withoutPath is a file system error without the path, which may have come from env.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
