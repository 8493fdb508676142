package sqlite

import (
	"context"
	"database/sql"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// checkpointAt is the size of the write-ahead log at which its pages are moved
// into the file.
const checkpointAt = 16 << 20

// checkpointer moves the write-ahead log into the file beside the committer, so
// that no commit waits for it.
type checkpointer struct {
	db   *sql.DB
	wal  string
	log  zerolog.Logger
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
}

func newCheckpointer(db *sql.DB, wal string, log zerolog.Logger) *checkpointer {
	return &checkpointer{db: db, wal: wal, log: log, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

func (c *checkpointer) start() { go c.loop() }

func (c *checkpointer) stop() {
	close(c.quit)
	<-c.done
}

// poke tells the checkpointer that there was a commit.
func (c *checkpointer) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) loop() {
	defer close(c.done)
	last := int64(0)
	for {
		select {
		case <-c.quit:
			return
		case <-c.wake:
		}
		info, err := os.Stat(c.wal)
		if err != nil || info.Size() < checkpointAt {
			continue
		}
		if time.Now().UnixMilli()-last < 200 {
			continue
		}
		last = time.Now().UnixMilli()
		if _, err := c.db.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
			c.log.Warn().Err(err).Msg("the write-ahead log could not be moved into the store")
		}
	}
}

// metrics are what the store tells Prometheus.
type metrics struct {
	seconds    prometheus.Histogram
	operations prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, _ *lanes) *metrics {
	m := &metrics{
		seconds:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "relay_store_commit_seconds", Help: "How long a commit took.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		operations: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "relay_store_commit_operations", Help: "How many writes shared a commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 10)}),
	}
	if r != nil {
		r.MustRegister(m.seconds, m.operations)
	}
	return m
}

func (s *Store) observe(operations int, took time.Duration) {
	s.metrics.seconds.Observe(took.Seconds())
	s.metrics.operations.Observe(float64(operations))
	if took > time.Second {
		s.options.Log.Warn().Dur("took_ms", took).Int("operations", operations).Msg("a commit was slow; is the disk busy?")
	}
}
