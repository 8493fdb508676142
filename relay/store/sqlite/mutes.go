package sqlite

import (
	"context"

	"github.com/connector-relay/relay/relay/store"
)

// Mutes implements [store.Store].
func (s *Store) Mutes(ctx context.Context) ([]store.Mute, error) {
	return readAll(ctx, s, "list mutes", func(scan func(...any) error) (store.Mute, error) {
		var m store.Mute
		var since, until int64
		err := scan(&m.ID, &m.Sort, &m.Name, &m.Condition, &since, &until, &m.By, &m.Reason)
		m.Since, m.Until = moment(since), moment(until)
		return m, err
	}, "SELECT id, sort, name, condition, since, until, by, reason FROM mutes ORDER BY id")
}

// SaveMute implements [store.Store].
func (s *Store) SaveMute(ctx context.Context, m store.Mute) (store.Mute, error) {
	id := m.ID
	err := s.write(ctx, &operation{what: "mute " + m.Sort + " " + m.Name, do: func(w *writer) error {
		change := "INSERT INTO mutes (sort, name, condition, since, until, by, reason) VALUES (?1,?2,?3,?4,?5,?6,?7) RETURNING id"
		args := []any{m.Sort, m.Name, m.Condition, micros(m.Since), micros(m.Until), m.By, m.Reason}
		if m.ID != 0 {
			change = "UPDATE mutes SET sort = ?1, name = ?2, condition = ?3, since = ?4, until = ?5, by = ?6, reason = ?7 WHERE id = ?8 RETURNING id"
			args = append(args, m.ID)
		}
		row, err := w.row(change, args...)
		if err == nil && row == nil {
			err = store.ErrNotFound
		}
		if err == nil {
			id = row[0].(int64)
		}
		return err
	}})
	m.ID = id
	return m, err
}

// EndMute implements [store.Store].
func (s *Store) EndMute(ctx context.Context, id int64) error {
	return s.change(ctx, "end a mute", "DELETE FROM mutes WHERE id = ?", id)
}
