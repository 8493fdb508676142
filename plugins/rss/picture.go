package rss

import (
	"cmp"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// picture is something that may be an item's picture.
type picture struct {
	address string
	// kind is its media type, at least "image/".
	kind string
	// sure says that it is certainly a picture.
	sure          bool
	width, height int
	// caption is its tooltip or alternative text.
	caption string
}

// maxPictures bounds the pictures of an item that are considered.
const maxPictures = 20

// picture finds an item's picture: the one that the feed names, else the first in its
// texts.
func (w *writer) picture(e article) string {
	if at := firstOf(e.pictures, w.pictureAddress); at != "" {
		return at
	}
	for _, t := range slices.Backward(e.texts) { // longer texts come last
		if at := firstOf(t.pictures(), w.pictureAddress); at != "" {
			return at
		}
	}
	return ""
}

// caption is the captions of the pictures of an item without other text, such as a
// comic's.
func caption(e article) text {
	for _, t := range e.texts {
		for _, p := range t.pictures() {
			if p.isPicture() && !notItems.MatchString(p.address) && strings.Contains(strings.TrimSpace(p.caption), " ") {
				return text{p.caption, plain}
			}
		}
	}
	return text{}
}

// pictureAddress is a picture's https address, which chat systems require; empty if the
// picture is not suitable for a card.
func (w *writer) pictureAddress(p picture) string {
	if !p.isPicture() || notItems.MatchString(p.address) {
		return ""
	}
	return secure(w.contentAddress(p.address))
}

// secure turns an address into https. Browsers, too, no longer show pictures from sites
// with only http on today's pages.
func secure(address string) string {
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "http" && (u.Port() == "" || u.Port() == "80") {
		u.Scheme, u.Host = "https", strings.TrimSuffix(u.Host, ":80")
		address = u.String()
	}
	return onlyHTTPS(address)
}

func onlyHTTPS(s string) string {
	if strings.HasPrefix(s, "https://") {
		return s
	}
	return ""
}

// icon is the size in pixels up to which a picture is mere decoration, tracker that of
// pictures that count readers.
const (
	icon    = 63
	tracker = 3
)

func (p picture) isPicture() bool {
	if p.address == "" || p.width > 0 && p.height > 0 && (max(p.width, p.height) <= icon || min(p.width, p.height) <= tracker) {
		return false
	}
	kind := strings.ToLower(strings.TrimSpace(p.kind))
	switch {
	case strings.HasPrefix(kind, "image/svg"):
		return false // which chat systems do not show
	case strings.HasPrefix(kind, "image/"):
		return true
	case kind != "" && kind != "application/octet-stream" && kind != "binary/octet-stream":
		return false
	}
	u, err := url.Parse(strings.TrimSpace(p.address))
	if err != nil {
		return false
	}
	switch extension := strings.ToLower(path.Ext(u.Path)); extension {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".bmp":
		return true
	case ".mp3", ".mp4", ".m4a", ".m4v", ".mov", ".ogg", ".oga", ".ogv", ".opus", ".wav", ".flac", ".webm", ".avi", ".mkv", ".swf", ".m3u8", ".pdf", ".zip", ".svg", ".torrent", ".epub", ".html", ".htm":
		return false
	}
	return p.sure
}

// notItems matches the addresses of pictures of a person, a publisher's software or a
// counter.
var notItems = regexp.MustCompile(`(?i)^data:` +
	`|gravatar\.com/avatar|//avatars[\w-]*\.|/avatars?/|/user_avatar/|/profile_images/|/buddyicons/` +
	`|/emojis?/|/smil(ey|ie|eys|ies)/|/twemoji|wp-includes/images/` +
	`|feedburner\.com/|feedsportal\.com/|doubleclick\.net/|googleads|google-analytics\.com|scorecardresearch\.com|quantserve\.com|facebook\.com/tr|/pixel\.wp\.com|pixel\.wp\.com/|stats\.wordpress\.com/|feeds\.wordpress\.com/|medium\.com/_/stat|rss\.buysellads|adserver|/piwik\.php|/matomo\.php` +
	`|[/_-](1x1|pixel|spacer|blank|transparent|placeholder|loading|b)\.(gif|png|jpe?g)|/pixel/|/track(er|ing)?/|/count(er)?[./?]|/beacon[./?]` +
	`|shields\.io/|badgen\.net/|/badges?/|badge\.fury\.io|\.svg([?#]|$)`)

// pictures returns the pictures in a text.
func (t text) pictures() []picture {
	source := t.value[:runeStart(t.value, min(len(t.value), maxSource))]
	if t.form == plain || !strings.Contains(source, "<") {
		return nil
	}
	var list, posters []picture
	inPicture := -1 // where a <picture>'s sources begin
	z := html.NewTokenizer(strings.NewReader(source))
	for len(list) < maxPictures {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if kind == html.TextToken && strings.Contains(string(z.Raw()), "<img") {
			// To the tokenizer, the content of <noscript> is text; it has the actual picture.
			list = append(list, noScript(string(z.Raw()))...)
			continue
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken || len(z.Raw()) > maxSource/4 {
			continue
		}
		switch t := z.Token(); t.Data {
		case "picture":
			inPicture = len(list)
		case "source":
			// Sources are newer kinds of pictures than the <img> that follows.
			if p := imageOf(t); inPicture >= 0 && p.address != "" {
				list = append(list, p)
			}
		case "img":
			p := imageOf(t)
			if inPicture >= 0 && p.isPicture() {
				list = list[:inPicture]
			}
			inPicture = -1
			list = append(list, p)
		case "video":
			posters = append(posters, picture{address: attribute(t.Attr, "poster"), sure: true})
		}
	}
	return append(list, posters[:min(len(posters), maxPictures)]...)
}

func noScript(source string) []picture {
	z := html.NewTokenizer(strings.NewReader(source))
	for z.Next() != html.ErrorToken {
		if t := z.Token(); t.Data == "img" && (t.Type == html.StartTagToken || t.Type == html.SelfClosingTagToken) {
			return []picture{imageOf(t)}
		}
	}
	return nil
}

// imageOf reads an <img>. A lazily loaded one has a placeholder for its address.
func imageOf(t html.Token) picture {
	said := func(name string) string { return attribute(t.Attr, name) }
	if isHidden(t.Attr) || isEmoji(t.Attr) || people.MatchString(said("class")) || tiny.MatchString(said("style")) {
		return picture{}
	}
	p := picture{sure: true, width: number(said("width")), height: number(said("height")), caption: cmp.Or(said("title"), said("alt"))}
	for _, name := range []string{"data-src", "data-lazy-src", "data-original", "data-orig", "data-lazy", "data-url", "data-hi-res-src", "src", "data-large-file", "data-orig-file"} {
		if p.address = strings.TrimSpace(said(name)); p.address != "" && !notItems.MatchString(p.address) {
			return p
		}
	}
	for _, name := range []string{"data-srcset", "data-lazy-srcset", "srcset"} {
		if address := largest(said(name)); address != "" {
			p.address = address
			break
		}
	}
	return p
}

func isEmoji(list []html.Attribute) bool {
	return emojis.MatchString(attribute(list, "class")) || emojiFiles.MatchString(attribute(list, "src"))
}

var (
	emojis     = regexp.MustCompile(`(?i)(^|[\s-])(emoji|emoticon|wp-smiley|smiley?)([\s-]|$)`)
	emojiFiles = regexp.MustCompile(`(?i)/emojis?/|/twemoji|/smil(ey|ie|eys|ies)/`)
	people     = regexp.MustCompile(`(?i)(^|[\s_-])(g?r?avatar|author-(photo|image))([\s_-]|$)`)
	tiny       = regexp.MustCompile(`(?i)(^|[;\s])(width|height)\s*:\s*[01](px)?\s*(;|!|$)`)
)

// wide is the width in pixels that suffices for a card.
const wide = 1600

// largest returns the address in a srcset of the largest picture that is no larger than
// a card needs. Addresses may contain commas.
func largest(srcset string) string {
	best, size := "", -1.0
	rest := srcset[:min(len(srcset), maxTag)]
	for range maxPictures {
		rest = strings.TrimLeft(rest, ", \t\r\n")
		if rest == "" {
			break
		}
		end := strings.IndexAny(rest+" ", " \t\r\n")
		address, whole := strings.CutSuffix(rest[:end], ",")
		descriptor := ""
		if rest = rest[end:]; !whole {
			descriptor, rest, _ = strings.Cut(rest, ",")
			descriptor = strings.TrimSpace(descriptor)
		}
		n, err := strconv.ParseFloat(strings.TrimRight(descriptor, "wx"), 64)
		if err != nil {
			n = 1
		}
		if n > size && (best == "" || !strings.HasSuffix(descriptor, "w") || n <= wide) {
			best, size = address, n
		}
	}
	return best
}

// number parses a size such as "640" or "640px".
func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(s), "px"))
	if err != nil {
		return 0
	}
	return n
}
