package markup

import "strings"

// PlainText returns the dialect without any marks: addresses follow their texts.
func PlainText() Dialect {
	d := Markdown(Flavour{})
	d.Text = func(s string, _ bool) string { return s }
	d.Code = same
	d.Address = func(address string, _ bool) string { return address }
	d.Link = func(label, address string) string { return label + " (" + strings.TrimPrefix(address, "mailto:") + ")" }
	d.Picture = d.Link
	d.Fence = func(_, code string) string { return code }
	d.Table = monospaced
	return d
}
