package card

// Happening is what most connectors' cards tell: who did what, where, how it stands, and
// where to see it. Its texts are Markdown.
type Happening struct {
	// Title is who did what, in one line. It is the card's summary as well.
	Title string
	// Text is what somebody wrote, such as a comment.
	Text string
	// Color says how it stands, as [Card.ThemeColor].
	Color string
	// Who did it, and where: names or links.
	Who, Where string
	// Picture is the address of that person's picture.
	Picture string
	Facts   []Fact
	// Address is where to see it, and Button the name of the button that opens it.
	Address, Button string
}

// Card makes the card. What the happening does not say is left out of it, and so is an
// address that is not one of the web.
func (h Happening) Card() Card {
	c := Card{Summary: h.Title, Title: h.Title, Text: h.Text, ThemeColor: h.Color}
	if h.Who != "" || h.Where != "" || len(h.Facts) > 0 {
		c.Sections = []Section{{ActivityTitle: h.Who, ActivitySubtitle: h.Where, ActivityImage: Web(h.Picture), Facts: h.Facts}}
	}
	if at := Web(h.Address); at != "" {
		c.Actions = []Action{Open(h.Button, at)}
	}
	return c
}

// Open is the button that opens an address.
func Open(name, address string) Action {
	return Action{Type: OpenURI, Name: name, Targets: []Target{{OS: "default", URI: address}}}
}
