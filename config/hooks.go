package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
)

// The bounds of a hooks block's values.
const (
	leastBody    = 1 << 10
	mostBody     = 24 << 20 // a plugin is handed a body in one piece
	mostRequests = 10_000
)

func hooksSchema() language.Schema {
	return language.Schema{
		Title:      "a hooks block",
		Attributes: []language.Attribute{{Name: "max_body"}, {Name: "rate"}, {Name: "burst"}, {Name: "concurrency"}},
	}
}

// readHooks returns the settings of a body's hooks block, if it has one, with the wider
// settings for the rest.
func (f *File) readHooks(parent *hclsyntax.Body, wider Hooks) Hooks {
	h := wider
	i := slices.IndexFunc(parent.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "hooks" })
	if i < 0 {
		return h
	}
	body := parent.Blocks[i].Body
	f.add(f.check(hooksSchema(), body, parent.Blocks[i].DefRange())...)
	h.MaxBody = f.readSize(body, "max_body", leastBody, mostBody, h.MaxBody)
	if rate, burst, ok := f.readRate(body, "requests"); ok {
		h.Rate, h.Burst = rate, burst
	}
	h.Concurrency, _ = f.readCount(body, "concurrency", mostRequests, h.Concurrency)
	return h
}

// readSize reads a number of bytes between two bounds.
func (f *File) readSize(body *hclsyntax.Body, name string, least, most, otherwise int64) int64 {
	s, ok := f.readText(body, name, `a size such as "512KB" or "4MB"`)
	if !ok {
		return otherwise
	}
	n, ok := parseSize(s.text())
	switch {
	case !ok:
		f.error("Not a size", fmt.Sprintf("The attribute %s cannot be %s. Write a number with a unit, such as \"512KB\", \"4MB\" or \"1GB\".", name, s.shown()), s.place)
		return otherwise
	case n < least || n > most:
		f.error("Size out of range", fmt.Sprintf("The attribute %s takes a size from %s to %s.", name, formatSize(least), formatSize(most)), s.place)
		return otherwise
	}
	return n
}

// sizeUnits are powers of 1024.
func sizeUnits() []string { return []string{"KB", "MB", "GB", "TB"} }

// parseSize parses sizes such as "512KB"; "KiB" means the same.
func parseSize(text string) (int64, bool) {
	text = strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	for i, unit := range sizeUnits() {
		number, found := strings.CutSuffix(strings.Replace(text, "IB", "B", 1), unit)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if bytes := n * float64(int64(1)<<(10*(i+1))); err == nil && bytes >= 0 && bytes < 1<<62 {
			return int64(bytes), true
		}
		return 0, false
	}
	return 0, false
}

func formatSize(n int64) string {
	unit := 0
	for n >= 1<<20 && unit < len(sizeUnits())-1 {
		n >>= 10
		unit++
	}
	return fmt.Sprintf("%d%s", n>>10, sizeUnits()[unit])
}
