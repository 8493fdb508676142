package rest

import (
	"cmp"
	"net/http"
)

// maxValidator bounds a validator, in bytes, because checkpoints keep them.
const maxValidator = 1 << 10

// Validators let a service tell that an answer has not changed (RFC 9110, section 8.8).
// A checkpoint can hold them.
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"modified,omitempty"`
}

// Ask adds the validators to the header of a request.
func (v Validators) Ask(h http.Header) {
	if v.ETag != "" {
		h.Set("If-None-Match", v.ETag)
	}
	if v.LastModified != "" {
		h.Set("If-Modified-Since", v.LastModified)
	}
}

// ValidatorsOf returns the validators of an answer. It drops one of more than 1 KiB,
// which no honest service sends.
func ValidatorsOf(h http.Header) Validators {
	short := func(v string) string {
		if len(v) > maxValidator {
			return ""
		}
		return v
	}
	return Validators{ETag: short(h.Get("ETag")), LastModified: short(h.Get("Last-Modified"))}
}

// Or takes from an older answer the validators that this one lacks: a 304 only has those
// that are new (RFC 9111, section 4.3.4).
func (v Validators) Or(older Validators) Validators {
	return Validators{cmp.Or(v.ETag, older.ETag), cmp.Or(v.LastModified, older.LastModified)}
}

// Unchanged reports whether the service says that the answer whose validators the
// request had still holds. There is nothing to decode then.
func (r Response) Unchanged() bool {
	return r.Status == http.StatusNotModified && r.Request.Known != Validators{}
}

// Validators returns what the next request for the same should know.
func (r Response) Validators() Validators {
	v := ValidatorsOf(r.Header)
	if r.Unchanged() {
		return v.Or(r.Request.Known)
	}
	return v
}
