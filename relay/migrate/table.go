package migrate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	encoding "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// mostRows bounds a table.
const mostRows = 100_000

// row is a line of a table, or an object of a JSON list. Columns are known by their names
// in small letters, without what is neither a letter nor a digit: exports of the same data
// differ in the rest.
type row struct {
	line   int
	values map[string]string
}

// get returns the first of these columns that is not empty.
func (r row) get(columns ...string) string {
	for _, c := range columns {
		if v := strings.TrimSpace(r.values[c]); v != "" {
			return v
		}
	}
	return ""
}

func column(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

var (
	errEmpty = errors.New("the file is empty")
	errRows  = fmt.Errorf("it has more than %d rows", mostRows)
)

// readTable reads CSV with any of the usual delimiters, or JSON: a list of objects, one
// object, or the answer of Microsoft Graph with the list in it.
func readTable(data []byte) ([]row, error) {
	text, err := decoded(data)
	if err != nil {
		return nil, err
	}
	switch text = strings.TrimSpace(text); {
	case text == "":
		return nil, errEmpty
	case text[0] == '[' || text[0] == '{':
		return readJSON(text)
	}
	return readCSV(text)
}

// decoded returns a file's text. PowerShell writes UTF-16 or UTF-8 with a mark, or what
// Windows calls ANSI.
func decoded(data []byte) (string, error) {
	if !utf8.Valid(data) || bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}) || bytes.IndexByte(data, 0) >= 0 {
		fallback := charmap.Windows1252.NewDecoder().Transformer
		switch {
		case len(data) > 1 && data[0] == 0:
			fallback = encoding.UTF16(encoding.BigEndian, encoding.IgnoreBOM).NewDecoder()
		case len(data) > 1 && data[1] == 0:
			fallback = encoding.UTF16(encoding.LittleEndian, encoding.IgnoreBOM).NewDecoder()
		}
		var err error
		if data, _, err = transform.Bytes(encoding.BOMOverride(fallback), data); err != nil {
			return "", fmt.Errorf("it is no text: %w", err)
		}
	}
	return string(data), nil
}

func readCSV(text string) ([]row, error) {
	line := 1
	delimiter := rune(0)
	for {
		first, rest, _ := strings.Cut(text, "\n")
		first = strings.TrimSpace(first)
		if !strings.HasPrefix(first, "#TYPE") && !strings.HasPrefix(first, "sep=") { // PowerShell's, and Excel's
			break
		}
		if sep, ok := strings.CutPrefix(first, "sep="); ok && sep != "" {
			delimiter, _ = utf8.DecodeRuneInString(sep)
		}
		text, line = rest, line+1
	}
	r := csv.NewReader(strings.NewReader(text))
	if r.Comma = delimiter; delimiter == 0 {
		r.Comma = delimiterOf(text)
	}
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("it is no CSV: %w", err)
	}
	var rows []row
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, fmt.Errorf("it is no CSV: %w", err)
		case len(rows) == mostRows:
			return nil, errRows
		}
		at, _ := r.FieldPos(0)
		n := row{line: line + at - 1, values: make(map[string]string)}
		for i, value := range record {
			if i < len(header) {
				n.values[column(header[i])] = value
			}
		}
		rows = append(rows, n.expanded())
	}
}

// delimiterOf is what is most often between the names of the columns.
func delimiterOf(text string) rune {
	header, _, _ := strings.Cut(text, "\n")
	best, most := ',', 0
	for _, d := range ",;\t|" {
		if n := strings.Count(header, string(d)); n > most {
			best, most = d, n
		}
	}
	return best
}

func readJSON(text string) ([]row, error) {
	var whole any
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	var shared map[string]any
	list, _ := whole.([]any)
	if object, ok := whole.(map[string]any); ok {
		list = []any{object}
		if inner, ok := object["value"].([]any); ok { // Microsoft Graph
			delete(object, "value")
			list, shared = inner, object
		}
	}
	if len(list) > mostRows {
		return nil, errRows
	}
	var rows []row
	for i, element := range list {
		r := row{line: i + 1, values: make(map[string]string)}
		r.add("", shared)
		r.add("", element)
		rows = append(rows, r.expanded())
	}
	return rows, nil
}

// add adds a value, and what is in it under both names: teamsApp.id is the column
// teamsappid.
func (r row) add(name string, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, inner := range v {
			r.add(name+key, inner)
		}
	case []any:
		var texts []string
		for _, element := range v {
			if text, ok := element.(string); ok {
				texts = append(texts, text)
			}
		}
		r.values[column(name)] = strings.Join(texts, ";")
	case string:
		r.values[column(name)] = v
	default:
		r.values[column(name)] = fmt.Sprint(v)
	}
}

// expanded adds what is in the column AuditData, which Microsoft Purview's exports have.
func (r row) expanded() row {
	var inner map[string]any
	if json.Unmarshal([]byte(r.values["auditdata"]), &inner) == nil {
		r.add("", inner)
	}
	return r
}
