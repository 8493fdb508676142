package rss

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

func in(e encoding.Encoding, text string) string {
	b, err := e.NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return b
}

// titled is a feed with one title and an XML declaration that names an encoding.
func titled(encoding, title string) string {
	declaration := "<?xml version='1.0'?>\n"
	if encoding != "" {
		declaration = fmt.Sprintf(`<?xml version="1.0" encoding=%q?>`, encoding)
	}
	return declaration + `<rss version="2.0"><channel><title>t</title><item><title>` + title + `</title><guid>1</guid></item></channel></rss>`
}

// TestEveryEncodingIsRead: the judges are browsers and feedparser, whose tests cover
// these kinds.
func TestEveryEncodingIsRead(t *testing.T) {
	const mir, nihon, zhong, han, cafe = "Привет, мир", "日本語のニュース", "中文新闻", "한국어", "Café “Zoë”"
	le, be := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	tests := map[string]struct{ body, contentType, want string }{
		"UTF-8":                                  {titled("UTF-8", mir), "", mir},
		"UTF-8 by no word":                       {titled("", mir), "", mir},
		"UTF-8, and the server says otherwise":   {titled("UTF-8", mir), "text/xml; charset=iso-8859-1", mir},
		"UTF-8, and the document says otherwise": {titled("windows-1251", mir), "", mir},
		"UTF-8 that says it is ASCII":            {titled("US-ASCII", mir), "text/xml", mir},
		"UTF-8 that says it is UTF-16":           {titled("utf-16", mir), "", mir},
		"UTF-8 that says it is UTF-32":           {titled("UTF-32LE", mir), "", mir},
		"UTF-8 that says it is Shift_JIS":        {titled("Shift_JIS", nihon), "", nihon},
		"UTF-8 by the name of a database":        {titled("utf8mb4", mir), "", mir},
		"UTF-8 with its mark":                    {"\ufeff" + titled("UTF-8", mir), "", mir},
		"UTF-8 with its mark, said to be Latin":  {"\ufeff" + titled("iso-8859-1", mir), "text/xml; charset=iso-8859-1", mir},
		"one byte is wrong":                      {titled("UTF-8", mir+" \xff!"), "", mir + " \ufffd!"},
		"one byte is wrong in ASCII":             {titled("UTF-8", "It\x92s"), "", "It’s"},
		"one byte is wrong, and no word":         {titled("", "caf\xe9"), "", "café"},
		"one byte is wrong, and the server lies": {titled("UTF-8", mir+" \xff"), "text/xml; charset=iso-8859-1", mir + " \ufffd"},
		"windows-1251":                           {titled("windows-1251", in(charmap.Windows1251, mir)), "", mir},
		"windows-1251 by the server's word":      {titled("", in(charmap.Windows1251, mir)), "text/xml; charset=windows-1251", mir},
		"windows-1251, said to be UTF-8":         {titled("UTF-8", in(charmap.Windows1251, mir)), "text/xml; charset=windows-1251", mir},
		"KOI8-R":                                 {titled("koi8-r", in(charmap.KOI8R, mir)), "application/xml", mir},
		"the server's word counts before":        {titled("iso-8859-1", in(charmap.KOI8R, mir)), "text/xml; charset=KOI8-R", mir},
		"the server's word is not known":         {titled("koi8-r", in(charmap.KOI8R, mir)), "text/xml; charset=none", mir},
		"the server's word is broken":            {titled("", in(charmap.KOI8R, mir)), `text/xml; charset="koi8-r`, mir},
		"windows-1252 that says it is Latin-1":   {titled("ISO-8859-1", in(charmap.Windows1252, cafe)), "", cafe},
		"a DOS code page":                        {titled("cp437", in(charmap.CodePage437, "Café")), "", "Café"},
		"Mac":                                    {titled("macintosh", in(charmap.Macintosh, "Café")), "", "Café"},
		"Shift_JIS":                              {titled("Shift_JIS", in(japanese.ShiftJIS, nihon)), "", nihon},
		"EUC-JP":                                 {titled("EUC-JP", in(japanese.EUCJP, nihon)), "", nihon},
		"ISO-2022-JP, which is all ASCII":        {titled("ISO-2022-JP", in(japanese.ISO2022JP, nihon)), "", nihon},
		"GBK":                                    {titled("gbk", in(simplifiedchinese.GBK, zhong)), "", zhong},
		"GBK that is also UTF-8":                 {titled("gb2312", in(simplifiedchinese.GBK, "模")), "", "模"},
		"GB18030":                                {titled("GB18030", in(simplifiedchinese.GB18030, zhong+"𠀀")), "", zhong + "𠀀"},
		"Big5":                                   {titled("big5", in(traditionalchinese.Big5, "中文新聞")), "", "中文新聞"},
		"EUC-KR":                                 {titled("euc-kr", in(korean.EUCKR, han)), "", han},
		"UTF-16 with a mark":                     {"\xff\xfe" + in(le, titled("utf-16", mir)), "", mir},
		"UTF-16 the other way":                   {"\xfe\xff" + in(be, titled("UTF-16", mir)), "", mir},
		"UTF-16 without a mark":                  {in(le, titled("UTF-16", mir)), "", mir},
		"UTF-16 without a mark, the other way":   {in(be, titled("UTF-16BE", mir)), "", mir},
		"UTF-16 without a word":                  {"\xff\xfe" + in(le, titled("", mir)), "", mir},
		"UTF-16 that says it is UTF-8":           {"\xff\xfe" + in(le, titled("UTF-8", mir)), "text/xml; charset=utf-8", mir},
		"UTF-32 with a mark":                     {in(utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), titled("UTF-32", mir)), "", mir},
		"UTF-32 without a mark":                  {in(utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), titled("UTF-32", mir)), "", mir},
		"EBCDIC":                                 {in(charmap.CodePage037, titled("ebcdic-cp-us", "Hello")), "", "Hello"},
		"a name that nobody knows":               {titled("x-unknown", "plain"), "", "plain"},
		"a name that nobody knows, and UTF-8":    {titled("x-unknown", mir), "", mir},
		"JSON with a mark":                       {"\ufeff" + `{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"` + mir + `"}]}`, "", mir},
		"JSON in UTF-16":                         {in(le, `{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"`+mir+`"}]}`), "", mir},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { wantTitles(t, test.body, test.contentType, test.want) })
	}
}

// wantTitles reads a page and compares the titles of its items.
func wantTitles(t *testing.T, body, contentType string, want ...string) {
	t.Helper()
	doc, err := parse([]byte(body), contentType)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range doc.Items {
		got = append(got, it.Title)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

// TestWhatIsNearlyAFeedIsRead: what servers do to feeds, and programs that write XML
// by hand.
func TestWhatIsNearlyAFeedIsRead(t *testing.T) {
	one := titled("UTF-8", "One")
	item := func(title string) string {
		return "<item><title>" + title + "</title><guid>" + title + "</guid></item>"
	}
	rssWith := func(inner string) string {
		return `<rss version="2.0"><channel><title>t</title>` + inner + `</channel></rss>`
	}
	json := func(items string) string {
		return `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[` + items + `]}`
	}
	tests := map[string]struct {
		body string
		want []string
	}{
		"XML 1.1":                        {strings.Replace(one, `"1.0"`, `"1.1"`, 1), []string{"One"}},
		"two marks":                      {"\ufeff\ufeff" + one, []string{"One"}},
		"a mark and blanks":              {"\ufeff\r\n" + one, []string{"One"}},
		"blanks and a mark":              {"\n \ufeff" + one, []string{"One"}},
		"a warning":                      {"<br />\n<b>Warning</b>: x in <b>/srv/x.php</b> on line <b>3</b><br />\n" + one, []string{"One"}},
		"a warning in a whole page":      {"<html><body>Notice</body></html>\n" + one, []string{"One"}},
		"a line of text":                 {"Strict Standards: x\n" + one, []string{"One"}},
		"a comment that is no feed":      {`<?xml version="1.0"?><!-- <rss> --><!-- <feed> -->` + rssWith(item("One")), []string{"One"}},
		"a style sheet":                  {`<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?>` + rssWith(item("One")), []string{"One"}},
		"a long prolog":                  {"<!--" + strings.Repeat("x", 10_000) + "-->" + rssWith(item("One")), []string{"One"}},
		"scripts behind it":              {one + "\n<script>x</script><!-- cached -->", []string{"One"}},
		"zeros behind it":                {one + "\x00\x00", []string{"One"}},
		"control characters":             {rssWith(item("O\x08n\x1f\x00e")), []string{"One"}},
		"references to such":             {rssWith(item("O&#8;n&#x1F;&#0;&#xFFFF;&#xD800;&#99999999;e")), []string{"One"}},
		"references to windows-1252":     {rssWith(item("It&#146;s &#x97;")), []string{"It’s —"}},
		"characters that XML has not":    {rssWith(item("O\ufffen\uffffe")), []string{"One"}},
		"HTML's entities":                {rssWith(item("A&nbsp;B&hellip;")), []string{"A\u00a0B…"}},
		"its own entities":               {`<!DOCTYPE rss [<!ENTITY corp "ACME"><!ENTITY eacute '&#233;'>]>` + rssWith(item("Caf&eacute; &corp;")), []string{"Café ACME"}},
		"entities of entities":           {`<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + rssWith(item("&b;")), []string{"&b;"}},
		"an ampersand":                   {rssWith(item("Fish & Chips")), []string{"Fish & Chips"}},
		"less than":                      {rssWith(item("a < b <3")), []string{"a < b <3"}},
		"capital tags":                   {strings.NewReplacer("rss", "RSS", "channel", "CHANNEL", "item", "ITEM", "title", "TITLE").Replace(rssWith(item("One"))), []string{"One"}},
		"prefixes that are not declared": {rssWith("<item><title>One</title><foo:bar>x</foo:bar><media:thumbnail url='x'/></item>"), []string{"One"}},
		"a prefix for all":               {`<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>t</a:title><a:entry><a:id>1</a:id><a:title>One</a:title></a:entry></a:feed>`, []string{"One"}},
		"tags that are crossed":          {rssWith("<item><title>One</title><description><b>x</i></description></item>" + item("Two")), []string{"One", "Two"}},
		"HTML in the open":               {rssWith("<item><title>One</title><description>a<br>b<img src=x>c</description></item>" + item("Two")), []string{"One", "Two"}},
		"CDATA that does not end":        {rssWith("<item><title>One</title><description><![CDATA[open</description></item>"), []string{"One"}},
		"cut off in the last tag":        {strings.TrimSuffix(rssWith(item("One")), ">"), []string{"One"}},
		"cut off, without items":         {strings.TrimSuffix(rssWith(""), ">"), nil},
		"the doctype of a web page":      {`<!DOCTYPE html PUBLIC "x" "http://x.invalid/">` + rssWith(item("One")), []string{"One"}},
		"cut off in an item":             {strings.TrimSuffix(rssWith(item("One")+item("Two")+"<item><title>Thr"), "</channel></rss>"), []string{"One", "Two"}},
		"cut off between items":          {strings.TrimSuffix(rssWith(item("One")+item("Two")), "</channel></rss>"), []string{"One", "Two"}},
		"Atom that is cut off":           {`<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>1</id><title>One</title></entry><entry><id>2`, []string{"One"}},
		"RDF that is cut off":            {`<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel><title>t</title></channel><item rdf:about="1"><title>One</title></item><item`, []string{"One"}},
		"an item that is no XML":         {rssWith(item("One") + `<item><title>Two</title><x y=</item>` + item("Three")), []string{"One", "Three"}},
		"a head that is no XML":          {`<rss version="2.0"><channel><title>t</title><x y=<z>` + item("One") + "</channel></rss>", []string{"One"}},
		"JSON with breaks in a string":   {json("{\"id\":\"1\",\"title\":\"One\ntwo\tthree\"}"), []string{"One\ntwo\tthree"}},
		"JSON with something behind":     {json(`{"id":"1","title":"One"}`) + "\x00<!-- cached -->", []string{"One"}},
		"JSON behind a warning":          {"<br />Notice\n" + json(`{"id":"1","title":"One"}`), []string{"One"}},
		"JSON with other types":          {json(`{"id":7,"title":8,"tags":["a",1],"authors":"Ann","attachments":{"url":"x","size_in_bytes":"7"},"content_html":null},"x",{"id":true,"title":"Two","author":["B"],"summary":[]}`), []string{"8", "Two"}},
		"JSON with nothing":              {json(""), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { wantTitles(t, test.body, "", test.want...) })
	}
}

func TestWhatIsNoFeedIsNamed(t *testing.T) {
	tests := map[string]struct {
		body, says string
		lasting    bool
	}{
		"an error in JSON":   {`{"error": "rate limited"}`, "it is JSON but not a JSON Feed", false},
		"a list in JSON":     {`[{"title": "x"}]`, "it is a list", false},
		"JSON that is cut":   {`{"version":"https://jsonfeed.org/version/1","items":[{"id"`, "its JSON cannot be parsed", true},
		"a list of feeds":    {`<?xml version="1.0"?><opml version="2.0"><body/></opml>`, "its root element is <opml>", true},
		"a map of a site":    {`<urlset xmlns="x"><url/></urlset>`, "its root element is <urlset>", true},
		"an archive":         {"PK\x03\x04xxxxxxxxxxxxxxxx", "it is application/zip", true},
		"a document":         {"%PDF-1.7 x", "it is application/pdf", true},
		"a poem":             {"Roses are red", "neither XML nor JSON", true},
		"a web page":         {"<!doctype html><p>Down for maintenance", "this is a web page", false},
		"a page in UTF-16":   {"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "this is a web page", false},
		"a page about feeds": {"<html><pre><rss><channel><item/></channel></rss></pre></html>", "this is a web page", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := read(question{Body: []byte(test.body), Address: "https://b.example/feed"})
			if !strings.Contains(a.Wrong, test.says) || a.Lasting != test.lasting {
				t.Errorf("it says %q, lasting %v", a.Wrong, a.Lasting)
			}
		})
	}
}

// TestWhatWasCutOffIsFetchedAgain: its validators are those of the whole page.
func TestWhatWasCutOffIsFetchedAgain(t *testing.T) {
	whole := rssOf(numbered(1, 4), nil)
	cutOff := false
	s := newSite(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"whole"`)
		if cutOff {
			_, _ = w.Write([]byte(whole[:strings.Index(whole, "Post 2")]))
			return
		}
		_, _ = w.Write([]byte(whole))
	}
	r := newReader(t, s, map[string]any{"initial": 10})
	cutOff = true
	r.want("Post 3", "Post 4")
	cutOff = false
	r.want("Post 1", "Post 2")
	r.want()
}

// TestTheCorpus reads each well-formed feed of gofeed's own tests.
func TestTheCorpus(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/mmcdole/gofeed").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "*", "*", "*.xml"))
	if err != nil || len(files) < 500 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	itemStart := regexp.MustCompile(`<(?:\w+:)?(?:item|entry)[\s>]`)
	noFeeds := []string{"empty_feed.xml", "unknown_feed.xml"}
	for _, f := range files {
		if slices.Contains(noFeeds, filepath.Base(f)) {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want := len(itemStart.FindAll(b, -1))
		doc, err := parse(b, "")
		switch {
		case err != nil:
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		case len(doc.Items) != want || doc.lost > 0:
			t.Errorf("%s: %d items and %d lost, want %d", filepath.Base(f), len(doc.Items), doc.lost, want)
		}
		for _, it := range judge(doc.Feed, nil) {
			if it.known.ID == "" || it.because != "" {
				t.Errorf("%s: an item is %q, %q", filepath.Base(f), it.known.ID, it.because)
			}
		}
	}
}
