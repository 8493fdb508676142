package picture

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"

	"github.com/connector-relay/relay/relay/outbound"
)

const (
	// fetchWithin is how long a picture may take to arrive.
	fetchWithin = 8 * time.Second
	// fetchedAtOnce is how many pictures are fetched at a time.
	fetchedAtOnce = 12
	// mostRedirects leaves room for a service's shop front and its pictures' host.
	mostRedirects = 4
	// mostFetched is the largest picture that is fetched, in bytes.
	mostFetched = 2 << 20
	// longestAddress bounds the address of a picture, and longestInline that of one which
	// holds the picture itself.
	longestAddress = 2000
	longestInline  = 1 << 20
	// longestStill is how many pixels the side of a card's picture has at most on a page.
	longestStill = 1024
	// keptFor is how long a fetched picture is kept, and failedFor how long it is not asked
	// for again after it could not be had.
	keptFor   = 6 * time.Hour
	failedFor = 5 * time.Minute
	// stillsRoom and inlineRoom are how many bytes of pictures are kept.
	stillsRoom = 32 << 20
	inlineRoom = 8 << 20
)

// ProxyPath is where a [Proxy] is served.
const ProxyPath = "/picture"

// ProxyOptions are what a proxy works with.
type ProxyOptions struct {
	Decoder *Decoder
	// Client returns the client for addresses that strangers choose.
	Client func() (*http.Client, error)
	// Own returns the path at which this server has a picture itself; it is empty for
	// pictures elsewhere. It may be nil.
	Own func(address string) string
	Log zerolog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Proxy fetches the pictures that cards name, so that a browser asks no foreign host for
// them: such a host would learn who reads which card, and when. It fetches only what a
// page has named by [Proxy.Address], from public addresses, and draws it anew.
type Proxy struct {
	options ProxyOptions
	key     []byte
	stills  *cache[fetched]
	inline  *cache[string]
	flights singleflight.Group
	slots   chan struct{}

	ctx   context.Context
	close context.CancelFunc
}

// fetched is a picture, or that it could not be had.
type fetched struct {
	still Still
	err   error
}

// NewProxy returns a proxy.
func NewProxy(o ProxyOptions) *Proxy {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Proxy{
		options: o, key: make([]byte, sha256.Size), slots: make(chan struct{}, fetchedAtOnce),
		stills: newCache(stillsRoom, func(f fetched) int { return len(f.still.Bytes) }),
		inline: newCache(inlineRoom, func(s string) int { return len(s) }),
	}
	_, _ = rand.Read(p.key) // never fails; see crypto/rand
	p.ctx, p.close = context.WithCancel(context.Background())
	return p
}

// Close ends what is under way, and nothing more is fetched.
func (p *Proxy) Close() {
	p.close()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	for range cap(p.slots) {
		<-p.slots
	}
}

// Address returns where a page finds a card's picture; it is empty for what can be none.
func (p *Proxy) Address(picture string) string {
	switch scheme, _, _ := strings.Cut(picture, ":"); {
	case strings.EqualFold(scheme, "https"), strings.EqualFold(scheme, "http"):
		if len(picture) > longestAddress {
			return ""
		}
		if p.options.Own != nil {
			if path := p.options.Own(picture); path != "" {
				return path
			}
		}
	case strings.EqualFold(scheme, "data"):
		if len(picture) > longestInline {
			return ""
		}
		sum := sha256.Sum256([]byte(picture))
		name := inlineName + hex.EncodeToString(sum[:])
		p.inline.put(name, picture, p.options.Now().Add(keptFor))
		picture = name
	default:
		return ""
	}
	return ProxyPath + "?" + url.Values{"u": {picture}, "s": {p.sign(picture)}}.Encode()
}

// inlineName begins what stands for an address that holds its picture itself.
const inlineName = "data:"

// sign returns what only this proxy can add to an address. It is another in each life of
// the relay; pages are drawn anew with the next one.
func (p *Proxy) sign(picture string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(picture))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	picture, sum := q.Get("u"), q.Get("s")
	if !hmac.Equal([]byte(sum), []byte(p.sign(picture))) {
		http.NotFound(w, r)
		return
	}
	f, err := p.find(r.Context(), picture)
	if err != nil {
		return // nobody waits for it any more
	}
	if f.err != nil {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "The picture could not be had.", http.StatusNotFound)
		return
	}
	serve(w, f.still, "private, max-age=3600")
}

// serve writes a picture that was drawn anew, as that and nothing else.
func serve(w http.ResponseWriter, s Still, caching string) {
	h := w.Header()
	h.Set("Content-Type", s.Type)
	h.Set("Content-Length", strconv.Itoa(len(s.Bytes)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", caching)
	_, _ = w.Write(s.Bytes)
}

// find returns a picture, or the error of a browser that did not wait for it. Those who
// ask for the same one at the same time share one fetch, which goes on for the others when
// one of them leaves.
func (p *Proxy) find(ctx context.Context, picture string) (fetched, error) {
	if f, ok := p.stills.get(picture, p.options.Now()); ok {
		return f, nil
	}
	result := p.flights.DoChan(picture, func() (any, error) { return p.draw(picture), nil })
	select {
	case r := <-result:
		return r.Val.(fetched), nil
	case <-ctx.Done():
		return fetched{}, ctx.Err()
	}
}

// draw gets a picture, draws it anew, and keeps it, or that it could not be had.
func (p *Proxy) draw(picture string) (f fetched) {
	ctx, cancel := context.WithTimeout(p.ctx, fetchWithin)
	defer cancel()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return fetched{err: ctx.Err()}
	}
	var b []byte
	if strings.HasPrefix(picture, inlineName) {
		b, f.err = p.unpack(picture)
	} else {
		b, f.err = p.fetch(ctx, picture)
	}
	if f.err == nil {
		// A decoder is not interrupted, and those before it in the queue are no fault of
		// this picture's.
		f.still, f.err = p.options.Decoder.Still(p.ctx, b, longestStill)
	}
	kept := keptFor
	if f.err != nil {
		kept = failedFor
		p.options.Log.Debug().Err(outbound.CleanError(f.err)).Msg("a card's picture could not be had")
	}
	p.stills.put(picture, f, p.options.Now().Add(kept))
	return f
}

// fetch asks a picture's host for it.
func (p *Proxy) fetch(ctx context.Context, picture string) ([]byte, error) {
	shared, err := p.options.Client()
	if err != nil {
		return nil, err
	}
	client := *shared
	client.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if len(via) > mostRedirects {
			return errors.New("too many redirects")
		}
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, picture, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "image/webp,image/png,image/jpeg,image/gif")
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the picture's host answered %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostFetched+1))
	if err == nil && len(b) > mostFetched {
		err = fmt.Errorf("the picture has more than %d bytes", mostFetched)
	}
	return b, err
}

// unpack returns the bytes of a picture that its own address held.
func (p *Proxy) unpack(name string) ([]byte, error) {
	address, ok := p.inline.get(name, p.options.Now())
	if !ok {
		return nil, errors.New("the card is no longer on any page")
	}
	head, data, _ := strings.Cut(address, ",")
	if !strings.HasSuffix(strings.ToLower(head), ";base64") {
		return nil, errors.New("the picture is not in base64")
	}
	return base64.StdEncoding.DecodeString(data)
}
