package operator

import (
	"embed"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
)

//go:embed *.go
var source embed.FS

// Words returns what this package's comments say about its types ("Channel"), their
// fields ("Channel.Oldest") and the methods of [Relay] ("Relay.Pause"), so that the
// description of the API is told in the same words and need not be written twice.
func Words() (map[string]string, error) {
	words := make(map[string]string)
	files, err := fs.Glob(source, "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		text, err := source.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.TYPE {
				hear(words, d)
			}
			return true
		})
	}
	return words, nil
}

// hear adds what is said about a type, and about its fields or methods.
func hear(words map[string]string, d *ast.GenDecl) {
	for _, s := range d.Specs {
		t, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		words[t.Name.Name] = plain(d.Doc)
		var fields *ast.FieldList
		switch is := t.Type.(type) {
		case *ast.StructType:
			fields = is.Fields
		case *ast.InterfaceType:
			fields = is.Methods
		default:
			continue
		}
		for _, f := range fields.List {
			for _, name := range f.Names {
				words[t.Name.Name+"."+name.Name] = plain(f.Doc)
			}
		}
	}
}

// plain returns a comment's text without links.
func plain(g *ast.CommentGroup) string {
	var p comment.Parser
	return strings.TrimSpace(string((&comment.Printer{TextWidth: -1}).Text(p.Parse(g.Text()))))
}
