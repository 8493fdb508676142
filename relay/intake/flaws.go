package intake

import "fmt"

// flawed tells the operators once that part of a route's card block could not be
// applied; each such event says so itself.
func (r *runner) flawed(route int, reason string) {
	if _, told := r.flaws.LoadOrStore(route, true); told {
		return
	}
	r.intake.notify(Notice{
		Connector: r.name(), Broken: true, Health: fmt.Sprintf("posting cards without all the changes of its route %d", route),
		Problem: reason + ". The cards are still delivered; `relay explain` says for each event what was left out.",
	})
}
