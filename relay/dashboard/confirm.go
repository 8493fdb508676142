package dashboard

// confirmation is a page that asks before something that cannot be undone.
type confirmation struct {
	Question, Warning string
	// Facts say what it is about.
	Facts []pair
	// To is where the answer is posted, with Fields, and Do what the button says.
	To, Do string
	Fields []pair
	// Loses says that something is lost by it.
	Loses bool
	// Back leads away without a change.
	Back string
}

// pair is a name and a value: of a field that nobody sees, or of a fact.
type pair struct{ Name, Value string }

func (c confirmation) view(trail []link) view {
	return view{Template: "confirm.html", Title: c.Do, Trail: trail, Page: c}
}
