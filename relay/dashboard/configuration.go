package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
)

// configurationPage is the configuration as it runs, and what the files would make of it
// now.
type configurationPage struct {
	operator.Status
	Files []operator.File
	// Blocks are the connectors that people have made on the page.
	Blocks []operator.Block
	// Compared says that Changes have been asked for, and Wrong why there are none.
	Compared bool
	Changes  []operator.Change
	Wrong    string
	May      bool
}

func (d *Dashboard) configuration(r *http.Request) (answer, error) {
	return d.configurationView(r.Context(), false)
}

// compare shows what a reload would change.
func (d *Dashboard) compare(r *http.Request) (answer, error) {
	return d.configurationView(r.Context(), true)
}

func (d *Dashboard) configurationView(ctx context.Context, compare bool) (answer, error) {
	status, err := d.relay.Status(ctx)
	if err != nil {
		return nil, err
	}
	files, err := d.relay.Configuration(ctx)
	if err != nil {
		return nil, err
	}
	blocks, err := d.relay.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	page := configurationPage{Status: status, Files: files, Blocks: blocks, Compared: compare, May: isOps(ctx, access.Configure)}
	v := view{Template: "configuration.html", Title: "Configuration"}
	if compare {
		page.Changes, err = d.relay.Plan(ctx)
		if page.Wrong, err = refused(err); err != nil {
			return nil, err
		}
		v.Trail = []link{{"Configuration", "/configuration"}}
		v.Title = "What a reload would change"
	}
	v.Page = page
	return v, nil
}

// linesPerPage is how many lines of a file one page shows.
const linesPerPage = 1000

// fileURL leads to a line of a file of the configuration.
func fileURL(name string, line int) string {
	from := max(0, line-1)/linesPerPage*linesPerPage + 1
	return "/configuration/file?" + url.Values{"name": {name}, "from": {strconv.Itoa(from)}}.Encode() + "#L" + strconv.Itoa(line)
}

func (d *Dashboard) configurationFile(r *http.Request) (answer, error) {
	name := r.URL.Query().Get("name")
	files, err := d.relay.Configuration(r.Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(files, func(f operator.File) bool { return f.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("file %s: %w in the configuration that runs", name, operator.ErrNotFound)
	}
	type line struct {
		Number int
		Text   string
	}
	page := struct {
		Name           string
		Lines          []line
		Earlier, Later string
	}{Name: name}
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	from = max(1, min(from, len(files[i].Lines)))
	end := min(len(files[i].Lines), from-1+linesPerPage)
	for n, text := range files[i].Lines[from-1 : end] {
		page.Lines = append(page.Lines, line{from + n, text})
	}
	if from > 1 {
		page.Earlier = fileURL(name, max(1, from-linesPerPage))
	}
	if end < len(files[i].Lines) {
		page.Later = fileURL(name, end+1)
	}
	return view{Template: "configuration-file.html", Title: name, Trail: []link{{"Configuration", "/configuration"}}, Page: page}, nil
}

// refused separates what is wrong with a configuration from what has gone wrong.
func refused(err error) (wrong string, _ error) {
	if errors.Is(err, operator.ErrInvalid) {
		return err.Error(), nil
	}
	return "", err
}

func (d *Dashboard) reload(r *http.Request) (answer, error) {
	changes, err := d.relay.Reload(r.Context())
	if errors.Is(err, operator.ErrInvalid) {
		return d.configurationView(r.Context(), true)
	}
	if err != nil {
		return nil, err
	}
	return seeOther("/configuration", fmt.Sprintf("Reloaded: %s.", counted(len(changes), "change", "changes"))), nil
}

func changeMark(c operator.Change) mark {
	switch {
	case c.Warning != "":
		return mark{bad, c.Action}
	case c.Action == operator.Added:
		return mark{"add", c.Action}
	}
	return mark{idle, c.Action}
}
