package language

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zclconf/go-cty/cty"
)

// The bounds of decoding. A value beyond one of them stays text: its JSON.
const (
	// mostLevels bounds how deep lists and objects nest: cty's work for a type grows with
	// the depth of each part.
	mostLevels = 32
	// mostMembers bounds the members of a list or object. GitHub sends up to 2,048
	// commits.
	mostMembers = 2_500
	// mostNodes bounds the values in all: beyond it no further list or object is decoded,
	// and beyond twice as many nothing.
	mostNodes = 20_000
)

// Reach says which members of an object are read, and which of their members; nil means
// all.
type Reach map[string]Reach

// Add adds a member by its path.
func (r Reach) Add(names ...string) {
	name := cty.NormalizeString(names[0])
	inner, known := r[name]
	switch {
	case known && inner == nil:
	case len(names) == 1:
		r[name] = nil
	case !known:
		inner = Reach{}
		r[name] = inner
		inner.Add(names[1:]...)
	default:
		inner.Add(names[1:]...)
	}
}

// Looks returns what is read of a member, and whether anything is.
func (r Reach) Looks(name string) (inner Reach, looks bool) {
	if r == nil {
		return nil, true
	}
	inner, looks = r[cty.NormalizeString(name)]
	return inner, looks
}

// Decode reads JSON as a value of the language, in one pass, as far as the reach goes.
// It never costs more than its bounds allow: a list or object that is too deep or too
// large, and a number with too many digits, become text.
func Decode(data []byte, reach Reach) (cty.Value, error) {
	d := decoder{
		data: data,
		json: jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
	}
	v, err := d.value(reach, 0)
	if err != nil {
		return cty.NilVal, err
	}
	if _, err := d.json.ReadToken(); !errors.Is(err, io.EOF) {
		return cty.NilVal, errors.New("there is text after the JSON")
	}
	return v, nil
}

type decoder struct {
	data  []byte
	json  *jsontext.Decoder
	nodes int
}

func (d *decoder) value(reach Reach, level int) (cty.Value, error) {
	d.nodes++
	switch d.json.PeekKind() {
	case '{', '[':
		if level >= mostLevels || d.nodes > mostNodes {
			return d.text()
		}
		return d.collection(reach, level)
	case '"':
		t, err := d.json.ReadToken()
		if err != nil {
			return cty.NilVal, err
		}
		return cty.StringVal(t.String()), nil
	case '0':
		t, err := d.json.ReadToken()
		if err != nil {
			return cty.NilVal, err
		}
		return decodeNumber(t.String())
	default:
		t, err := d.json.ReadToken()
		switch {
		case err != nil:
			return cty.NilVal, err
		case t.Kind() == 'n':
			return cty.NullVal(cty.DynamicPseudoType), nil
		}
		return cty.BoolVal(t.Bool()), nil
	}
}

// decodeNumber parses a number that is not too long, and whole ones, which most are,
// quickly.
func decodeNumber(literal string) (cty.Value, error) {
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return cty.NumberIntVal(n), nil
	}
	if outrageous(literal) {
		return cty.StringVal(literal), nil
	}
	return cty.ParseNumberVal(literal)
}

// text returns the next value's JSON as text.
func (d *decoder) text() (cty.Value, error) {
	raw, err := d.json.ReadValue()
	if err != nil {
		return cty.NilVal, err
	}
	return cty.StringVal(string(raw)), nil
}

// collection reads a list or an object.
func (d *decoder) collection(reach Reach, level int) (cty.Value, error) {
	open, err := d.json.ReadToken()
	if err != nil {
		return cty.NilVal, err
	}
	start, object := int(d.json.InputOffset())-1, open.Kind() == '{'
	if !object {
		reach = nil
	}
	var list []cty.Value
	members := make(map[string]cty.Value)
	for kind := d.json.PeekKind(); kind != '}' && kind != ']'; kind = d.json.PeekKind() {
		if len(list)+len(members) >= mostMembers || d.nodes > 2*mostNodes {
			return d.rest(start)
		}
		name, inner, looks := "", Reach(nil), true
		if object {
			t, err := d.json.ReadToken()
			if err != nil {
				return cty.NilVal, err
			}
			name = t.String()
			inner, looks = reach.Looks(name)
		}
		if !looks {
			if err := d.json.SkipValue(); err != nil {
				return cty.NilVal, err
			}
			continue
		}
		v, err := d.value(inner, level+1)
		if err != nil {
			return cty.NilVal, err
		}
		if object {
			members[name] = v
		} else {
			list = append(list, v)
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return cty.NilVal, err
	}
	if object {
		return cty.ObjectVal(members), nil
	}
	return cty.TupleVal(list), nil
}

// rest reads to the end of a collection that is too large and returns its JSON.
func (d *decoder) rest(start int) (cty.Value, error) {
	for kind := d.json.PeekKind(); kind != '}' && kind != ']'; kind = d.json.PeekKind() {
		if err := d.json.SkipValue(); err != nil {
			return cty.NilVal, err
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return cty.NilVal, err
	}
	return cty.StringVal(string(d.data[start:d.json.InputOffset()])), nil
}
