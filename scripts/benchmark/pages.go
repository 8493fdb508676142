package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"
)

// The relay whose pages are measured.
const (
	pageConnectors = 1000
	pageCards      = 10_000
	pageRounds     = 9
)

// measurePages shows how long each page takes and what it weighs, at a relay with a
// thousand connectors and channels and ten thousand cards.
func measurePages(ctx context.Context, o options, dir string, w io.Writer) error {
	o.lanes = pageConnectors
	end, err := newEndpoint(o.lanes)
	if err != nil {
		return err
	}
	defer end.close()
	begun := time.Now()
	s, err := startRelay(ctx, o, end.url, filepath.Join(dir, "pages"), "")
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Fprintf(w, "\npages, with %d connectors and channels (started in %.1f s) and %d cards, half of them in one channel; medians of %d\n", pageConnectors, time.Since(begun).Seconds(), pageCards, pageRounds)
	if err := fillPages(o, s); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "page\tms\tbytes\t")
	for _, path := range []string{
		"/", "/connectors", "/connectors?search=h99", "/connectors/h0", "/connectors/h1", "/channels", "/channels/c0", "/channels/c1", "/deliveries", "/deliveries?text=card", "/dead-letters",
		"/deliveries/5000", "/events/5000", "/mutes", "/playground", "/plugins", "/configuration", "/audit", "/connectors/new", "/connectors/new?type=webhook", "/static/relay.css", "/static/live.js",
	} {
		took, size, err := loadPage(ctx, "http://"+s.dashboard+path)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%.1f\t%d\t\n", path, ms(took), size)
	}
	return table.Flush()
}

// fillPages posts the cards and waits until they have been delivered.
func fillPages(o options, s *subject) error {
	c := client(o.posters)
	var next atomic.Int64
	var g errgroup.Group
	for range o.posters {
		g.Go(func() error {
			for n := next.Add(1); n <= pageCards; n = next.Add(1) {
				hook := s.hooks[0]
				if n%2 == 0 {
					hook = s.hooks[int(n)%len(s.hooks)]
				}
				body := fmt.Sprintf(`{"@type": "MessageCard", "title": "Card %d", "text": "It is **one** of many, with [a link](https://example.com/%d).", "sections": [{"facts": [{"name": "Number", "value": "%d"}]}]}`, n, n, n)
				resp, err := c.Post(hook, "application/json", strings.NewReader(body))
				if err != nil {
					return err
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					return fmt.Errorf("card %d: %s", n, resp.Status)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for {
		resp, err := c.Get("http://" + s.dashboard + "/api/v1/status")
		if err != nil {
			return err
		}
		status := struct{ Waiting int }{}
		err = json.NewDecoder(resp.Body).Decode(&status)
		resp.Body.Close()
		if err != nil || status.Waiting == 0 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// loadPage loads a page several times, and returns the median time and the size.
func loadPage(ctx context.Context, address string) (time.Duration, int, error) {
	var times []time.Duration
	size := 0
	for range pageRounds {
		begun := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return 0, 0, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, 0, err
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return 0, 0, fmt.Errorf("%s: %s %w", address, resp.Status, err)
		}
		times, size = append(times, time.Since(begun)), b.Len()
	}
	return quantile(times, 0.5), size, nil
}
