package rest

import (
	"net/http"
	"testing"
)

func TestLinksAreReadAsTheStandardSays(t *testing.T) {
	for header, want := range map[string]string{
		``:                                  "",
		`<https://a.test/2>; rel="next"`:    "https://a.test/2",
		`<https://a.test/2>; rel=next`:      "https://a.test/2",
		`<https://a.test/2> ; REL = "Next"`: "https://a.test/2",
		`<https://a.test/1>; rel="prev", <https://a.test/2>; rel="next", <https://a.test/9>; rel="last"`: "https://a.test/2",
		`<https://a.test/?l=a,b;c&page=2>; rel="next"`:                                                   "https://a.test/?l=a,b;c&page=2",
		`<https://a.test/1>; title="a, <b>; rel=\"next\""; rel="prev", <https://a.test/2>; rel="next"`:   "https://a.test/2",
		`<https://a.test/2>; rel="section next"`:                                                         "https://a.test/2",
		`<https://a.test/1>; rel=prev; rel=next`:                                                         "", // only the first counts
		`<https://a.test/2>; rel="next"; anchor="#foo"`:                                                  "", // of something else
		`<https://a.test/2>; rel="nextish"`:                                                              "",
		`<https://a.test/2>; crossorigin; rel=next; results="true"`:                                      "https://a.test/2",
		`,, <https://a.test/2>;;rel=next;`:                                                               "https://a.test/2",
		`</things?page=2>; rel=next`:                                                                     "/things?page=2",
		`<https://a.test/2; rel=next`:                                                                    "",
		`<https://a.test/2>`:                                                                             "",
		`<https://a.test/2>; rel="next`:                                                                  "",
		`https://a.test/2; rel=next`:                                                                     "",
	} {
		if got := (Response{Header: http.Header{"Link": {header}}}).Link("next"); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

func TestTheStandardsExamplesAreRead(t *testing.T) { // RFC 8288, section 3.5
	for header, want := range map[string]map[string]string{
		`<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"`: {"previous": "http://example.com/TheBook/chapter2", "next": ""},
		`</>; rel="http://example.net/foo"`:                                               {"http://example.net/foo": "/"},
		`</terms>; rel="copyright"; anchor="#foo"`:                                        {"copyright": ""},
		`</TheBook/chapter2>; rel="previous"; title*=UTF-8'de'letztes%20Kapitel, </TheBook/chapter4>; rel="next"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel`: {"previous": "/TheBook/chapter2", "next": "/TheBook/chapter4"},
		`<http://example.org/>; rel="start http://example.net/relation/other"`:                                                                             {"start": "http://example.org/", "http://example.net/relation/other": "http://example.org/"},
	} {
		for relation, target := range want {
			if got := (Response{Header: http.Header{"Link": {header}}}).Link(relation); got != target {
				t.Errorf("%s: the %s is %q, want %q", header, relation, got, target)
			}
		}
	}
}

func TestALinkMayStandInAnotherHeader(t *testing.T) {
	r := Response{Header: http.Header{"Link": {`<https://a.test/1>; rel="prev`, `<https://a.test/2>; rel=next`}}}
	if got := r.Link("next"); got != "https://a.test/2" {
		t.Error(got)
	}
}

func FuzzLink(f *testing.F) {
	f.Add(`<https://a.test/1>; title="a, <b>; rel=\"next\""; rel="prev", <https://a.test/2>; rel="next"`)
	f.Add(`,<>;=";\`)
	f.Fuzz(func(t *testing.T, header string) {
		r := Response{Header: http.Header{"Link": {header}}}
		got := r.Link("next")
		again := Response{Header: http.Header{"Link": {"<" + got + ">; rel=next"}}}
		if got != "" && again.Link("next") != got {
			t.Errorf("%q gives %q, which is not read as itself", header, got)
		}
	})
}
