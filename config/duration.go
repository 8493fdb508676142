package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	errDuration = errors.New(`write a number with a unit, such as "90s", "15m", "36h" or "30d"`)
	errTooLong  = errors.New("it is longer than 290 years")
)

// parseDuration is [time.ParseDuration] with days in front: "30d", "1d12h".
func parseDuration(s string) (time.Duration, error) {
	days, rest, found := strings.Cut(s, "d")
	if !found {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, errDuration
		}
		return d, nil
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || math.IsNaN(n) || strings.ContainsAny(days, "xXeEpPiI_+ ") {
		return 0, errDuration
	}
	total := n * 24 * float64(time.Hour)
	if math.Abs(total) > math.MaxInt64/2 {
		return 0, errTooLong
	}
	d := time.Duration(total)
	if rest == "" {
		return d, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || n < 0 {
		return 0, errDuration
	}
	if more > math.MaxInt64-d {
		return 0, errTooLong
	}
	return d + more, nil
}
