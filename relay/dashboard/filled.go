package dashboard

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/form"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/picture"
)

const (
	// maxUpload is how many bytes a form with a picture may post.
	maxUpload = picture.MostUploaded + maxForm
	// mostUploads is how many of them are read at a time: each is held in memory as a whole.
	mostUploads = 4
)

// carriedPrefix begins the name of what a page carries sealed for a field.
const carriedPrefix = "carried."

// readFilled reads a connector's form. It returns the secrets that were typed sealed as
// well, for the page to carry, and what is wrong with an uploaded picture. What is fixed of a
// saved connector comes from before.
func (d *Dashboard) readFilled(r *http.Request, t operator.ConnectorType, before form.Filled) (f form.Filled, carried []pair, mistakes []form.Mistake, err error) {
	if hasFiles(r) {
		select {
		case d.uploads <- struct{}{}:
			defer func() { <-d.uploads }()
		case <-r.Context().Done():
			return f, nil, nil, r.Context().Err()
		}
		r.Body = http.MaxBytesReader(nil, r.Body, maxUpload)
		if err := r.ParseMultipartForm(maxUpload); err != nil {
			return f, nil, nil, fmt.Errorf("%w form: %w", operator.ErrInvalid, err)
		}
	}
	p := r.PostForm
	me, _ := access.From(r.Context())
	secret := func(name string) string {
		text := p.Get(name)
		if text == "" {
			text = d.carrier.open(me.Name, name, p.Get(carriedPrefix+name))
		}
		if text != "" {
			carried = append(carried, pair{carriedPrefix + name, d.carrier.seal(me.Name, name, text)})
		}
		return text
	}
	f = form.Filled{
		Type: t.Type, Name: strings.TrimSpace(p.Get(form.FieldName)), Owner: before.Owner, Team: p.Get(form.FieldTeam), Disabled: p.Get(form.FieldDisabled) != "",
		Arguments: make(map[string]string), Schedule: p.Get(form.FieldSchedule), MaxSilence: p.Get(form.FieldMaxSilence), Path: secret(form.FieldPath),
		Expires: p.Get(form.FieldExpires), Channels: p[form.FieldChannels], Kinds: p[form.FieldKinds], Condition: p.Get(form.FieldCondition), Revision: revisionOf(r),
	}
	if before.Name != "" {
		f.Name = before.Name
	}
	for _, kept := range before.Kept {
		if !slices.Contains(p["removed"], kept) {
			f.Kept = append(f.Kept, kept)
		}
	}
	for _, a := range t.Fields {
		name := form.ArgumentField(a.Name)
		if a.Secret {
			f.Arguments[a.Name] = secret(name)
		} else {
			f.Arguments[a.Name] = p.Get(name)
		}
	}
	address, err := d.upload(r)
	if refused, ok := errors.AsType[picture.RefusedError](err); ok {
		return f, carried, []form.Mistake{{Field: form.ArgumentField(pictureArgument), Message: refused.Error()}}, nil
	}
	if address != "" {
		f.Arguments[pictureArgument] = address
	}
	return f, carried, nil, err
}

// pictureArgument is the argument for which a picture can be uploaded.
const pictureArgument = "image"

// upload keeps the picture that a form holds, if any, and returns its address.
func (d *Dashboard) upload(r *http.Request) (address string, err error) {
	if r.MultipartForm == nil {
		return "", nil
	}
	file, _, err := r.FormFile("upload")
	if errors.Is(err, http.ErrMissingFile) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("%w upload: %w", operator.ErrInvalid, err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil || len(content) == 0 { // browsers post an empty file when none is chosen
		return "", err
	}
	p, err := d.relay.AddPicture(r.Context(), operator.Upload{Content: content})
	return p.URL, err
}

func revisionOf(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	return n
}
