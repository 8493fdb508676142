-- +goose Up

-- "RLAY": tells a store from another program's database.
PRAGMA application_id = 1380729177;

-- Times are microseconds since 1970, 0 when there is none. Events and deliveries
-- are only ever appended, so that a backlog costs no writes in the middle of the
-- file. AUTOINCREMENT, because a delivery's number is its position and an event's
-- is remembered with its key: neither may come back after a sweep.
CREATE TABLE events (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  connector   TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  time        INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  fate        TEXT    NOT NULL,
  -- The deliveries it led to when it was accepted: their numbers follow each
  -- other, so that no index is needed to find them.
  first_delivery INTEGER NOT NULL,
  deliveries     INTEGER NOT NULL,
  traces      BLOB,             -- JSON, NULL for none
  data        BLOB,             -- JSON, NULL for an empty object
  card        BLOB    NOT NULL  -- JSON; last, because few queries read it
);
CREATE INDEX events_key ON events (key);
CREATE INDEX events_alone ON events (accepted_at) WHERE deliveries = 0;

CREATE TABLE deliveries (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  event       INTEGER NOT NULL,
  connector   TEXT    NOT NULL, -- the event's; here so that a list need not read events to leave them out
  channel     TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     INTEGER NOT NULL DEFAULT 0,
  tried_at    INTEGER NOT NULL DEFAULT 0,
  unknown     INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER NOT NULL DEFAULT 0,
  reason      TEXT    NOT NULL DEFAULT '',
  card        BLOB              -- as a route changed it; NULL for the event's own
);
-- A lane's heads, and how much waits, are found without touching what is done.
CREATE INDEX deliveries_lane ON deliveries (channel, id) WHERE state = 'waiting';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_ended ON deliveries (finished_at) WHERE state IN ('delivered', 'accepted', 'dismissed');

CREATE TABLE attempts (
  delivery    INTEGER NOT NULL,
  seq         INTEGER NOT NULL, -- 1, 2, … in the order they were recorded
  number      INTEGER NOT NULL,
  started     INTEGER NOT NULL,
  took        INTEGER NOT NULL, -- microseconds
  verdict     TEXT    NOT NULL,
  status      INTEGER NOT NULL,
  detail      TEXT    NOT NULL,
  retry_after INTEGER NOT NULL, -- microseconds
  bytes       INTEGER NOT NULL,
  omitted     BLOB,             -- JSON, NULL for none
  duplicate   INTEGER NOT NULL,
  PRIMARY KEY (delivery, seq)
) WITHOUT ROWID;

-- One row for each lane that is paused or waits until a time.
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
  hook_token TEXT    NOT NULL UNIQUE,
  last_event INTEGER NOT NULL DEFAULT 0,
  poll       BLOB,             -- JSON, NULL before the first poll
  checkpoint BLOB
);

CREATE TABLE seen (
  connector TEXT    NOT NULL,
  key       TEXT    NOT NULL,
  event     INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  PRIMARY KEY (connector, key)
) WITHOUT ROWID;
CREATE INDEX seen_expires ON seen (expires);

-- One row that is written to find out whether the store can be written.
CREATE TABLE health (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  written_at INTEGER NOT NULL
);
