package sqlite

import (
	"context"
	"fmt"

	"github.com/connector-relay/relay/relay/store"
)

// Refuse implements [store.Store].
func (s *Store) Refuse(ctx context.Context, list []store.Refusal) error {
	return s.write(ctx, &operation{what: "keep refusals", rows: len(list), do: func(w *writer) error {
		for _, r := range list {
			_, err := w.exec(`INSERT INTO refusals (connector, remote, method, status, reason, bytes, count, first, last) VALUES (?,?,?,?,?,?,?,?,?)
				ON CONFLICT DO UPDATE SET bytes = excluded.bytes, count = count + excluded.count, last = max(last, excluded.last)`,
				r.Connector, r.Remote, r.Method, r.Status, r.Reason, r.Bytes, r.Count, micros(r.First), micros(r.Last))
			if err != nil {
				return fmt.Errorf("refusal of connector %s: %w", r.Connector, err)
			}
		}
		// Each connector keeps its latest ones.
		_, err := w.exec(`DELETE FROM refusals WHERE (connector, remote, method, status, reason) IN (SELECT connector, remote, method, status, reason
			FROM (SELECT *, row_number() OVER (PARTITION BY connector ORDER BY last DESC, remote, method, status, reason) AS place FROM refusals) WHERE place > ?)`, store.MaxRefusals)
		return err
	}})
}

// Refusals implements [store.Store].
func (s *Store) Refusals(ctx context.Context, connector string) ([]store.Refusal, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT connector, remote, method, status, reason, bytes, count, first, last
		FROM refusals WHERE ?1 IN ('', connector) ORDER BY last DESC, connector, remote, method, status, reason`, connector)
	var list []store.Refusal
	err = each(rows, err, func() error {
		var r store.Refusal
		var first, last int64
		err := rows.Scan(&r.Connector, &r.Remote, &r.Method, &r.Status, &r.Reason, &r.Bytes, &r.Count, &first, &last)
		r.First, r.Last = moment(first), moment(last)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list refusals: %w", s.explainRead(err))
	}
	return list, nil
}
