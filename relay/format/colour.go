package format

import "strconv"

// colour is a card's theme colour.
type colour struct {
	r, g, b int
	valid   bool
}

// parseColour reads "2DA44E".
func parseColour(hex string) colour {
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return colour{}
	}
	return colour{r: int(n >> 16), g: int(n >> 8 & 0xff), b: int(n & 0xff), valid: true}
}

// spread tells grey from colour.
func (c colour) spread() int { return max(c.r, c.g, c.b) - min(c.r, c.g, c.b) }

// web is the colour as pages write it; empty when there is none.
func (c colour) web() string {
	if !c.valid {
		return ""
	}
	hex := strconv.FormatUint(uint64(c.number())|1<<24, 16)
	return "#" + hex[1:]
}

// number is the colour as one number.
func (c colour) number() int { return c.r<<16 | c.g<<8 | c.b }
