package rest

import (
	"cmp"
	"net/http"
)

// maxValidator is how long a validator may be, in bytes, because it is kept.
const maxValidator = 1 << 10

// Validators are by what a service knows that an answer has not changed (RFC 9110,
// section 8.8). They can be part of a checkpoint.
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"modified,omitempty"`
}

// Ask adds them to the header of a request.
func (v Validators) Ask(h http.Header) {
	if v.ETag != "" {
		h.Set("If-None-Match", v.ETag)
	}
	if v.LastModified != "" {
		h.Set("If-Modified-Since", v.LastModified)
	}
}

// ValidatorsOf reads those of an answer; one of more than 1 KiB, which no honest service
// sends, counts as none.
func ValidatorsOf(h http.Header) Validators {
	short := func(v string) string {
		if len(v) > maxValidator {
			return ""
		}
		return v
	}
	return Validators{ETag: short(h.Get("ETag")), LastModified: short(h.Get("Last-Modified"))}
}

// Or returns the validators with those of an older answer for what they lack: an answer
// 304 tells only what is new (RFC 9111, section 4.3.4).
func (v Validators) Or(older Validators) Validators {
	return Validators{cmp.Or(v.ETag, older.ETag), cmp.Or(v.LastModified, older.LastModified)}
}

// Unchanged reports whether the service says that what the request knows still holds.
// There is nothing to decode then.
func (r Response) Unchanged() bool {
	return r.Status == http.StatusNotModified && r.Request.Known != Validators{}
}

// Validators are what the next request for the same is to know.
func (r Response) Validators() Validators {
	v := ValidatorsOf(r.Header)
	if r.Unchanged() {
		return v.Or(r.Request.Known)
	}
	return v
}
