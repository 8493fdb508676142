-- +goose Up
CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  connector   TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  time        INTEGER NOT NULL, -- microseconds since 1970, 0 when unknown
  accepted_at INTEGER NOT NULL,
  card        BLOB    NOT NULL,
  data        BLOB    NOT NULL,
  fate        TEXT    NOT NULL,
  traces      TEXT    NOT NULL
);
CREATE INDEX events_key ON events (key);

-- The rows are appended, so that a backlog costs no random writes; the lane index
-- holds only what waits.
CREATE TABLE deliveries (
  id          INTEGER PRIMARY KEY,
  channel     TEXT    NOT NULL,
  event       INTEGER NOT NULL,
  state       TEXT    NOT NULL,
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     INTEGER NOT NULL DEFAULT 0,
  unknown     INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER NOT NULL DEFAULT 0,
  reason      TEXT    NOT NULL DEFAULT '',
  card        BLOB
);
CREATE INDEX deliveries_lane ON deliveries (channel, id) WHERE state = 'waiting';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_event ON deliveries (event);

CREATE TABLE attempts (
  delivery    INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  started     INTEGER NOT NULL,
  took        INTEGER NOT NULL, -- microseconds
  verdict     TEXT    NOT NULL,
  status      INTEGER NOT NULL,
  detail      TEXT    NOT NULL,
  retry_after INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  omitted     TEXT    NOT NULL,
  duplicate   INTEGER NOT NULL
);
CREATE INDEX attempts_delivery ON attempts (delivery);

CREATE TABLE lanes (
  channel TEXT PRIMARY KEY,
  pause   TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  since   INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE connectors (
  name       TEXT PRIMARY KEY,
  type       TEXT    NOT NULL,
  hook_token TEXT    NOT NULL,
  checkpoint BLOB,
  poll       TEXT    NOT NULL,
  last_event INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE seen (
  connector TEXT    NOT NULL,
  key       TEXT    NOT NULL,
  event     INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  PRIMARY KEY (connector, key)
) WITHOUT ROWID;
