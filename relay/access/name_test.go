package access

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		" Ada@Example.com\n": "ada@example.com", "ÅDA@example.com": "Åda@example.com", "rené@example.com": "rené@example.com", "ada": "ada",
		// What is no name is not kept either: whoever signs in may type anything.
		"": "", " ": "", LocalName: "", strings.Repeat("x", 255): "", "a\x00": "", "a\xff": "",
		// These look like Ada's, in the audit log too.
		"ada@example.com\u200b": "", "ada@example\u00ad.com": "", "\u202eada@example.com": "", "ada@example.com\u00a0": "ada@example.com", "a\u00a0b": "",
	} {
		if got, ok := CleanName(name); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %t, and not %q", name, got, ok, want)
		}
	}
}
