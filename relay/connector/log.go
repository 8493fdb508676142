package connector

import (
	"io"
	"log/slog"
	"strings"
	"time"
)

// newLog writes lines that go-plugin's hosts understand as log entries: hclog's
// JSON form (https://pkg.go.dev/github.com/hashicorp/go-hclog). The host decides
// which levels are kept, and masks secrets.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: logAttr}))
}

func logAttr(groups []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		return slog.String(a.Key, CleanError(err).Error())
	}
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.String("@timestamp", a.Value.Time().UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
	case slog.LevelKey:
		level, _ := a.Value.Any().(slog.Level)
		return slog.String("@level", logLevel(level))
	case slog.MessageKey:
		return slog.String("@message", a.Value.String())
	}
	if a.Value.Kind() == slog.KindDuration {
		return slog.String(a.Key, a.Value.Duration().Round(time.Microsecond).String())
	}
	return a
}

// logLevel names slog's levels as hclog does; those in between count as the next
// lower one.
func logLevel(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "trace"
	case l < slog.LevelInfo, l < slog.LevelWarn, l < slog.LevelError:
		return strings.ToLower(base(l).String())
	}
	return "error"
}

func base(l slog.Level) slog.Level {
	switch {
	case l < slog.LevelInfo:
		return slog.LevelDebug
	case l < slog.LevelWarn:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
