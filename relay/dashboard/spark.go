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

// spark draws a number for each hour as a line of bars, for the eye; what it comes to is
// said in words.
func spark(counts []int) template.HTML {
	most, sum := 1, 0
	for _, n := range counts {
		most, sum = max(most, n), sum+n
	}
	var path strings.Builder
	for i, n := range counts {
		height := sparkHeight * n / most
		if n > 0 {
			height = max(height, 2)
		}
		fmt.Fprintf(&path, "M%d %dh%dv%dh-%dz", i*sparkStep, sparkHeight-height, sparkStep-1, height, sparkStep-1)
	}
	return template.HTML(fmt.Sprintf(`<svg class="spark" viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s in the last %d hours, at most %d in one"><path d="%s"/></svg>`,
		len(counts)*sparkStep, sparkHeight, counted(sum, "card", "cards"), len(counts), most*min(sum, 1), path.String()))
}
