-- +goose Up

-- Dead letters are counted and listed by channel, and what was dismissed is listed to undo
-- that, without reading what is done.
CREATE INDEX deliveries_dead_channel ON deliveries (channel, id) WHERE state = 'dead';
CREATE INDEX deliveries_dismissed ON deliveries (id) WHERE state = 'dismissed';

-- How many events of a connector were accepted, and how many deliveries arrived in a
-- channel, in each hour of the last day.
CREATE TABLE rates (
  hour  INTEGER NOT NULL, -- hours since 1970
  sort  TEXT    NOT NULL, -- "connector" or "channel"
  name  TEXT    NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (hour, sort, name)
) WITHOUT ROWID;
