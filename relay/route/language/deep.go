package language

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// deepest is how deeply a text may be nested. The parser descends with it, and its stack
// grows to hundreds of megabytes on a few thousand brackets.
const deepest = 200

// level is one of the brackets, texts and templates around a token, with how much deeper
// the expression in it has become.
type level struct {
	braces bool
	deeper int
}

// TooDeep reports a text of somebody who need not be an operator if it is nested too deeply
// to be parsed; otherwise it is nil.
func TooDeep(text []byte, name string) *hcl.Diagnostic {
	tokens, _ := hclsyntax.LexConfig(text, name, hcl.InitialPos) // the parser reports what is wrong
	levels, total := []level{{braces: true}}, 0
	deeper := func(by int) {
		levels[len(levels)-1].deeper += by
		total += by
	}
	for _, t := range tokens {
		last := levels[len(levels)-1]
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			levels = append(levels, level{braces: t.Type == hclsyntax.TokenOBrace})
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
			hclsyntax.TokenTemplateSeqEnd:
			if len(levels) > 1 {
				deeper(-last.deeper)
				levels = levels[:len(levels)-1]
			}
			deeper(1) // what follows may hold what has ended, as in a[*][*] or %{if a}%{if b}
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash,
			hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr:
			deeper(1)
		case hclsyntax.TokenComma:
			deeper(-last.deeper)
		case hclsyntax.TokenNewline:
			if last.braces {
				deeper(-last.deeper)
			}
		}
		if len(levels)+total > deepest {
			return Error("Nested too deeply", fmt.Sprintf("There are more than %d brackets, texts and operators in one another here.", deepest), t.Range)
		}
	}
	return nil
}
