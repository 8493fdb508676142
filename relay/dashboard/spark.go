package dashboard

import (
	"fmt"
	"html/template"
	"strings"
)

// The size of a sparkline's drawing; the page scales it.
const (
	sparkStep   = 4
	sparkHeight = 24
)

// spark draws how many things there were in each hour as a line of bars, and says it in
// words.
func spark(hours []int, one, many string) template.HTML {
	most, sum := 0, 0
	for _, n := range hours {
		most, sum = max(most, n), sum+n
	}
	if sum == 0 {
		return template.HTML(`<span class="quiet">none</span>`)
	}
	var path strings.Builder
	for i, n := range hours {
		if n <= 0 {
			continue
		}
		height := max(2, sparkHeight*n/most)
		fmt.Fprintf(&path, "M%d %dh%dv%dh-%dz", i*sparkStep, sparkHeight-height, sparkStep-1, height, sparkStep-1)
	}
	return template.HTML(fmt.Sprintf(
		`<span class="day"><svg class="spark" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true"><path d="%s"/></svg> <span>%d <span class="unseen">%s, at most %d in an hour</span></span></span>`,
		len(hours)*sparkStep, sparkHeight, path.String(), sum, plural(sum, one, many), most,
	))
}
