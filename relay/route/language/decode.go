package language

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zclconf/go-cty/cty"
)

// The bounds of what is decoded. What exceeds one stays text: its JSON.
const (
	// mostLevels is how deep lists and objects may be in each other: cty's work for a
	// type grows with the depth of each of its parts.
	mostLevels = 32
	// mostMembers is how many members a list or an object may have. GitHub sends up to
	// 2,048 commits.
	mostMembers = 2_500
	// mostNodes is how many values there may be in all: once there are, no further list
	// or object is decoded, and with twice as many nothing.
	mostNodes = 20_000
)

// Reach says which members of an object are looked at, and which of their members;
// nil means all.
type Reach map[string]Reach

// Add adds a member, by the names of those that lead to it.
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

// Looks returns what is looked at of a member, and whether anything is.
func (r Reach) Looks(name string) (inner Reach, looks bool) {
	if r == nil {
		return nil, true
	}
	inner, looks = r[cty.NormalizeString(name)]
	return inner, looks
}

// Decode reads JSON as a value of the language, in one pass, as far as the reach
// goes. It costs no more than its bounds allow, whatever the JSON is: a list or an
// object that is too deep or too large, and a number with too many digits, are text.
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
		return cty.NilVal, errors.New("something follows the JSON")
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

// decodeNumber reads a number that is not too long; whole ones, which most are, the
// fast way.
func decodeNumber(literal string) (cty.Value, error) {
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return cty.NumberIntVal(n), nil
	}
	if outrageous(literal) {
		return cty.StringVal(literal), nil
	}
	return cty.ParseNumberVal(literal)
}

// text leaves the next value as it is.
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

// rest reads on to the end of a collection that is too large, and returns its JSON.
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
