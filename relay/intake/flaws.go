package intake

import "fmt"

// flawed tells the operators once that a route's card block cannot be applied as it
// stands; every event that it happens to says so by itself.
func (s *source) flawed(route int, reason string) {
	if _, told := s.flaws.LoadOrStore(route, true); told {
		return
	}
	s.intake.notify(Notice{
		Connector: s.name(), Broken: true, Health: fmt.Sprintf("posting cards without all changes of its route %d", route),
		Problem: reason + ". The cards go out all the same; `relay explain` says of each event what was left out.",
	})
}
