package connectortest

import (
	"net/http"
	"strings"

	"github.com/connector-relay/relay/relay/connector"
)

// garbage is the kind of requests that any address on the internet receives.
func garbage() map[string]connector.Request {
	list := map[string]connector.Request{
		"an empty request":    {},
		"an unknown method":   {Method: "BREW"},
		"a strange path":      {Method: "POST", Path: "/../../etc/passwd\x00", Query: "%zz=%&;;=\ufffd"},
		"a header of noise":   {Method: "POST", Header: http.Header{"X-Hub-Signature-256": {"sha256=zz", ""}, "Webhook-Signature": {"v1,"}, "Webhook-Timestamp": {"-1e9"}, "Content-Type": {"multipart/form-data; boundary="}}},
		"an address of noise": {Method: "POST", Remote: "not an address", Body: []byte(`{"text":"x"}`)},
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPost} {
		list["an empty "+method] = connector.Request{Method: method}
	}
	types := []string{"", "application/json", "application/x-www-form-urlencoded", "application/xml", "text/plain; charset=utf-16"}
	for name, body := range bodies() {
		for _, typ := range types {
			list[name+" as "+typ] = connector.Request{
				Method: http.MethodPost, Header: http.Header{"Content-Type": {typ}}, Body: []byte(body), Remote: "192.0.2.1",
			}
		}
	}
	return list
}

func bodies() map[string]string {
	return map[string]string{
		"bytes":                "\x00\xff\xfe\x80\x01",
		"half of an object":    `{"text": "a`,
		"null":                 "null",
		"a number":             "1e999",
		"an empty object":      "{}",
		"an array":             `[{}, null, [[]]]`,
		"wrong types":          `{"title": 7, "text": {}, "sections": "x", "potentialAction": [3], "attachments": {}, "blocks": [null], "@type": []}`,
		"a deep array":         strings.Repeat("[", 20_000),
		"a deep object":        strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
		"nulls everywhere":     `{"sections": [null], "attachments": [{"content": null}], "potentialAction": [null], "blocks": null}`,
		"invalid text":         "{\"text\": \"\xff\xfe\"}",
		"a megabyte":           `{"text": "` + strings.Repeat("x", 1<<20) + `"}`,
		"a form":               "payload=%7B%22text%22&payload=&=&%",
		"an entity bomb":       `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>`,
		"a page":               "<!doctype html><title>It works</title>",
		"two objects":          `{"text":"a"}{"text":"b"}`,
		"duplicate keys":       `{"text":"a","text":1}`,
		"a lone surrogate":     `{"text":"\ud800"}`,
		"control characters":   `{"text":"\u0000\u0007\u2028"}`,
		"a byte order mark":    "\ufeff{}",
		"very many sections":   `{"sections":[` + strings.Repeat("{},", 5000) + `{}]}`,
		"very many attachment": `{"type":"message","attachments":[` + strings.Repeat("{},", 5000) + `{}]}`,
	}
}
