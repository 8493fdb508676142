package rss

import (
	"net/url"
	"testing"
)

func TestAddressesDoNotGiveTheFeedsOwnAway(t *testing.T) {
	const private = "https://reader:pass-word@blog.example/feed.xml?token=t0k3n&format=rss"
	for _, c := range []struct{ own, address, want string }{
		{private, "https://blog.example/post", "https://blog.example/post"},
		{private, private, ""},
		{private, "https://blog.example/feed.xml?token=t0k3n&format=rss#1", ""},
		{private, "https://reader:pass-word@blog.example/post", "https://blog.example/post"},
		{private, "https://blog.example/post?token=t0k3n&n=1", "https://blog.example/post?n=1"},
		{private, "https://blog.example/post?token=another", "https://blog.example/post?token=another"},
		{private, "https://blog.example/post?format=rss", "https://blog.example/post?format=rss"},
		{private, "https://other.example/log?ref=pass-word", "https://other.example/log?ref=[secret]"},
		{"https://blog.example/feed/0123456789abcdef", "https://blog.example/feed/0123456789abcdef", ""},
		{"https://blog.example/feed/0123456789abcdef", "https://blog.example/post", "https://blog.example/post"},
		{"https://video.example/feed?channel_id=UC0123456789abcdefghijkl", "https://video.example/channel/UC0123456789abcdefghijkl", "https://video.example/channel/UC0123456789abcdefghijkl"},
		{"https://blog.example/feed?key=0123456789abcdef", "https://blog.example/feed2?key=0123456789abcdef", "https://blog.example/feed2"},
	} {
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := newRedactor(c.own).address(u); got != c.want {
			t.Errorf("for the feed %s, %s is shown as %q, want %q", c.own, c.address, got, c.want)
		}
	}
}

func TestWhatIsRelativeToAFeedsOwnAddressIsNoLink(t *testing.T) {
	feed := func(link string) []byte {
		return []byte("<rss version=\"2.0\"><channel><title>t</title>" + link + "<item><guid>1</guid><title>a</title><link>post/1</link></item><item><guid>2</guid><title>b</title><link>/post/2</link></item></channel></rss>")
	}
	for link, want := range map[string][2]string{
		"<link>https://blog.example/en/</link>": {"https://blog.example/post/2", "https://blog.example/en/post/1"},
		"":                                      {"https://feeds.example/post/2", ""},
	} {
		a := read(question{Body: feed(link), Address: "https://feeds.example/private/0123456789abcdef/feed.xml", First: true, Initial: 2})
		if len(a.Posts) != 2 || a.Posts[0].Link != want[0] || a.Posts[1].Link != want[1] {
			t.Errorf("with %q: %+v", link, a.Posts)
		}
	}
}
