package connector

import (
	"crypto/sha1" //nolint:gosec // some services sign with it
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"
)

func ExampleSigned() {
	// GitHub's own example.
	header := http.Header{"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}}
	secret, body := "It's a Secret to Everybody", []byte("Hello, World!")
	fmt.Println(Signed(sha256.New, secret, header.Values("X-Hub-Signature-256"), body))
	fmt.Println(Signed(sha256.New, secret, header.Values("X-Hub-Signature-256"), []byte("Hello, world!")))
	// Output:
	// true
	// false
}

func TestSignaturesComeInManyForms(t *testing.T) {
	const hexadecimal = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	const encoded = "dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc="
	for _, test := range []struct {
		secret  string
		headers []string
		want    bool
	}{
		{"It's a Secret to Everybody", []string{hexadecimal}, true},
		{"It's a Secret to Everybody", []string{encoded}, true},
		{"It's a Secret to Everybody", []string{"v1=" + encoded}, true},
		{"It's a Secret to Everybody", []string{"sha256=" + hexadecimal[:62] + "00, sha256=" + hexadecimal}, true},
		{"It's a Secret to Everybody", []string{"old", "new=" + hexadecimal}, true},
		{"It's a Secret to Everybody", []string{hexadecimal[:62]}, false},
		{"It's a Secret to Everybody", []string{"sha256="}, false},
		{"It's a Secret to Everybody", nil, false},
		{"another", []string{hexadecimal}, false},
	} {
		if got := Signed(sha256.New, test.secret, test.headers, []byte("Hello, "), []byte("World!")); got != test.want {
			t.Errorf("%q with %q: %t", test.headers, test.secret, got)
		}
	}
	if Signed(sha1.New, "It's a Secret to Everybody", []string{hexadecimal}, []byte("Hello, World!")) {
		t.Error("a signature of another function fits")
	}
	if Signed(sha256.New, "", []string{"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"}) {
		t.Error("nothing, signed with an empty secret, counts as signed")
	}
}

func TestJSONIsReadAsFarAsItGoes(t *testing.T) {
	type payload struct {
		ID    int
		Names []string
		Of    struct{ Title string }
	}
	var p payload
	if !ParseJSON([]byte(`{"id": "seven", "names": {"a": 1}, "of": {"title": "Whole"}, "more": 1}`), &p) || p.Of.Title != "Whole" {
		t.Errorf("read %+v", p)
	}
	for _, text := range []string{"", "{", "no", `{"id": 1} {`} {
		if ParseJSON([]byte(text), &p) {
			t.Errorf("%q counts as JSON", text)
		}
	}
}
