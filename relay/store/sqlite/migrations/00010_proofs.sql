-- +goose Up

-- How somebody proved who she is.
ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT '';

-- What became of what somebody tried: 'done', 'refused' or 'failed'.
ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';
