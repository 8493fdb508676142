// Package schedule parses poll schedules: five cron fields, or a descriptor such as
// "@every 15m", in the syntax of robfig/cron.
package schedule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/robfig/cron/v3"
)

// longest bounds a schedule, in bytes. Nobody writes a longer one by hand.
const longest = 1 << 10

// Parse parses a schedule by a person or a plugin. It returns an error where the
// library panics.
func Parse(text string) (s cron.Schedule, err error) {
	if len(text) > longest {
		return nil, fmt.Errorf("it has %d bytes; at most %d are allowed", len(text), longest)
	}
	defer func() {
		if recover() != nil {
			s, err = nil, errors.New("it cannot be parsed")
		}
	}()
	for _, zone := range []string{"TZ=", "CRON_TZ="} {
		if strings.HasPrefix(text, zone) && !strings.Contains(text, " ") {
			return nil, fmt.Errorf("%s is followed by a zone, a space and five fields", zone)
		}
	}
	return cron.ParseStandard(text)
}
