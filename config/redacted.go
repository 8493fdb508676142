package config

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/printable"
)

// SourceFile is a file of a configuration as people may see it: without secrets, and with
// nothing in it that would act on a terminal.
type SourceFile struct {
	Name string
	// Lines are the text, the first of them line 1.
	Lines []string
}

// Format implements [fmt.Formatter]: what looked harmless to the relay is still nobody's
// business when a configuration is printed.
func (s SourceFile) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "[%s, %d lines]", s.Name, len(s.Lines))
}

// redactedFiles strikes secrets out of the sources. It knows all of them only once the
// connectors' arguments have been decoded.
func (f *File) redactedFiles() []SourceFile {
	var files []SourceFile
	for _, s := range f.sources {
		text := f.strikeOut(s.Name, bytes.Clone(s.Text), commented(s))
		files = append(files, SourceFile{Name: printable.Line(s.Name), Lines: strings.Split(strings.TrimSuffix(f.mask(string(text)), "\n"), "\n")})
	}
	return files
}

// strikeOut puts asterisks in place of a source's secrets and of what stands at further
// places, and makes the rest fit to print. Whatever is on a line stays there.
func (f *File) strikeOut(name string, text []byte, further []hcl.Range) []byte {
	places := slices.Concat(f.redacted, further)
	for _, c := range f.connectors {
		places = append(places, c.guessed...)
	}
	for _, r := range places {
		for i := r.Start.Byte; r.Filename == name && i < r.End.Byte && i < len(text); i++ {
			if text[i] != '\n' && text[i] != '\r' {
				text[i] = '*'
			}
		}
	}
	return printable.Blank(text)
}

// commented finds what a comment assigns to a name that suggests a secret: an old token
// is still one.
func commented(s Source) []hcl.Range {
	var found []hcl.Range
	tokens, _ := hclsyntax.LexConfig(s.Text, s.Name, hcl.InitialPos)
	for _, t := range tokens {
		if t.Type != hclsyntax.TokenComment {
			continue
		}
		for _, at := range regexp.MustCompile(`([\w-]+)"?[ \t]*[=:][ \t]*`).FindAllSubmatchIndex(t.Bytes, -1) {
			if soundsSecret(string(t.Bytes[at[2]:at[3]])) {
				line, _, _ := bytes.Cut(t.Bytes[at[1]:], []byte("\n"))
				place := t.Range
				place.Start.Byte += at[1]
				place.End.Byte = place.Start.Byte + len(line)
				found = append(found, place)
			}
		}
	}
	return found
}

// redactGuessed strikes out what the names in a body suggest to be secret, at any depth:
// nobody has said what the headers of a card's button hold.
func (f *File) redactGuessed(body *hclsyntax.Body) {
	for name, attr := range body.Attributes {
		f.redacted = append(f.redacted, guess(name, attr.Expr)...)
	}
	for _, b := range body.Blocks {
		f.redactGuessed(b.Body)
	}
}
