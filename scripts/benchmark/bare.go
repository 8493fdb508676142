package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// serveBare is the program the relay is compared with: HTTP in, JSON read and
// written, HTTP out, one card of a channel at a time; nothing is kept, nothing
// is tried again.
func serveBare(listen, endpoint string) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	lanes := make(map[string]chan []byte)
	mux := http.NewServeMux()
	for i := range 1024 {
		name := fmt.Sprint(i)
		lane := make(chan []byte, 8192)
		lanes[name] = lane
		go bareLane(client, endpoint+"/"+name, lane)
	}
	mux.HandleFunc("POST /hooks/{lane}", func(w http.ResponseWriter, r *http.Request) {
		var card map[string]any
		if err := json.NewDecoder(r.Body).Decode(&card); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b, err := json.Marshal(card)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		lanes[r.PathValue("lane")] <- b
		_, _ = io.WriteString(w, "1")
	})
	server := &http.Server{Addr: listen, Handler: mux}
	return server.ListenAndServe()
}

func bareLane(client *http.Client, url string, lane <-chan []byte) {
	for b := range lane {
		resp, err := client.Post(url, "application/json", bytes.NewReader(b))
		if err != nil {
			continue
		}
		var answer strings.Builder
		_, _ = io.Copy(&answer, resp.Body)
		resp.Body.Close()
	}
}
