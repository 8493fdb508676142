package draft

import "strconv"

// Colour is a card's theme colour. An invalid one counts as none.
type Colour struct {
	R, G, B int
	Valid   bool
}

// Colour reads the card's theme colour, such as "2DA44E".
func (d Draft) Colour() Colour {
	hex := d.Card.ThemeColor
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return Colour{}
	}
	return Colour{R: int(n >> 16), G: int(n >> 8 & 0xff), B: int(n & 0xff), Valid: true}
}

// Spread distinguishes grey from colours.
func (c Colour) Spread() int { return max(c.R, c.G, c.B) - min(c.R, c.G, c.B) }

// Web returns the colour as pages write it; empty when there is none.
func (c Colour) Web() string {
	if !c.Valid {
		return ""
	}
	hex := strconv.FormatUint(uint64(c.Number())|1<<24, 16)
	return "#" + hex[1:]
}

// Number returns the colour as one number.
func (c Colour) Number() int { return c.R<<16 | c.G<<8 | c.B }
