package dashboard

import "html/template"

// icon returns a small drawing, in the colour of the text beside it. The text says the
// same, so that a screen reader need not.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="` + strokes(name) + `"/></svg>`)
}

// strokes are the lines of an icon on a grid of 16 by 16.
func strokes(name string) string {
	switch name {
	case "overview":
		return "M2.5 2.5h4v5h-4zM9.5 2.5h4v3h-4zM9.5 8.5h4v5h-4zM2.5 10.5h4v3h-4z"
	case "connectors":
		return "M5.5 2v3.5M10.5 2v3.5M3.5 5.5h9v2a4.5 4.5 0 0 1-9 0zM8 12v2.5"
	case "channels":
		return "M2.5 3h11v8h-6l-3 2.5V11h-2zM5 6h6M5 8.3h4"
	case "deliveries":
		return "M14 2.5 2 7l4.5 2L14 2.5 9 14 6.5 9"
	case "dead-letters":
		return "M2 3.5h12v9H2zM2 4l6 4.5L14 4"
	case "playground":
		return "M6 2h4M6.5 2v4.5l-4 7h11l-4-7V2M4.5 10.5h7"
	case "mutes", "muted":
		return "M3 11.5h10l-1.3-2V6.7a3.7 3.7 0 0 0-7.4 0v2.8zM6.8 13.5h2.4M2 2l12 12"
	case "plugins":
		return "M2.5 5h3.2a1.7 1.7 0 1 1 3.4 0h3.4v3.2a1.7 1.7 0 1 0 0 3.3v2.4h-10z"
	case "configuration":
		return "M2 4.5h6M11.5 4.5H14M2 11.5h2.5M8 11.5h6M8 3v3h3.5V3zM4.5 10v3H8v-3z"
	case "audit":
		return "M3.5 2h9v12h-9zM6 5.5h4M6 8h4M6 10.5h2.5"
	case "tokens":
		return "M9.8 9.2a3.5 3.5 0 1 0-3-3L2.5 10.5v3h3v-2h2v-2zM10.8 5.2h.01"
	case "good":
		return "M3 8.5l3.3 3.3L13 4.7"
	case "wait":
		return "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.3l2.2 1.4"
	case "paused":
		return "M5.5 3.5v9M10.5 3.5v9"
	case "bad":
		return "M8 2.3 14.3 13.5H1.7zM8 6.5v3.3M8 11.6v.2"
	case "add":
		return "M8 3v10M3 8h10"
	case "menu":
		return "M2.5 4h11M2.5 8h11M2.5 12h11"
	case "right":
		return "M6 3.5 10.5 8 6 12.5"
	}
	return "M4 8h8" // idle
}
