package markup

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark/text"
)

func TestProbe(t *testing.T) {
	if os.Getenv("PROBE") == "" {
		t.Skip()
	}
	toks := []string{"a", " ", "*", "_", "**", "~~", "`", "[", "]", "](", "(", ")", "<", ">", "!", "&", "&#", ";", "#", "- ", "1. ", "|", "\\", "\n", "\n\n", "\t", ":", "-", "=", "\"", "'", "<a", "<!--", "<?", "<![CDATA[", "http://", "://", "@", "+", "![", "]:", "[a]: b\n", "    ", "> ", "```", "/", "x.y", "[x](y)", "<a href=\"", "~", "_a", "a_", "*a", "a*", "[ ] "}
	p := NewParser()
	type res struct {
		unit string
		d    time.Duration
		mem  uint64
	}
	const n = 16 << 10
	run := func(unit string) res {
		s := strings.Repeat(unit, n/len(unit)+1)[:n]
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		st := time.Now()
		p.markdown.Parse(text.NewReader([]byte(s)))
		d := time.Since(st)
		runtime.ReadMemStats(&b)
		return res{unit, d, b.TotalAlloc - a.TotalAlloc}
	}
	var all []res
	for _, x := range toks {
		all = append(all, run(x))
		for _, y := range toks {
			all = append(all, run(x+y))
			if os.Getenv("PROBE") == "3" {
				for _, z := range toks {
					all = append(all, run(x+y+z))
				}
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].d > all[j].d })
	for _, r := range all[:50] {
		fmt.Printf("%10v %6d KB %q\n", r.d, r.mem>>10, r.unit)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].mem > all[j].mem })
	for _, r := range all[:20] {
		fmt.Printf("MEM %10v %6d KB %q\n", r.d, r.mem>>10, r.unit)
	}
}
