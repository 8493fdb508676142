-- The first store had no application_id, counted no deliveries at their event, and
-- had no order of attempts. What it lacked was added to its migration in place.
PRAGMA application_id = 1380729177;

ALTER TABLE events RENAME TO old_events;
ALTER TABLE deliveries RENAME TO old_deliveries;
ALTER TABLE attempts RENAME TO old_attempts;
ALTER TABLE connectors RENAME TO old_connectors;
DROP INDEX events_key;
DROP INDEX deliveries_lane;
DROP INDEX deliveries_dead;
DROP INDEX deliveries_event;
DROP INDEX attempts_delivery;

CREATE TABLE events (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  connector   TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  time        INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  fate        TEXT    NOT NULL,
  first_delivery INTEGER NOT NULL,
  deliveries     INTEGER NOT NULL,
  traces      BLOB,
  data        BLOB,
  card        BLOB    NOT NULL
);
CREATE INDEX events_key ON events (key);
CREATE INDEX events_alone ON events (accepted_at) WHERE deliveries = 0;

CREATE TABLE deliveries (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  event       INTEGER NOT NULL,
  connector   TEXT    NOT NULL,
  channel     TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     INTEGER NOT NULL DEFAULT 0,
  tried_at    INTEGER NOT NULL DEFAULT 0,
  unknown     INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER NOT NULL DEFAULT 0,
  reason      TEXT    NOT NULL DEFAULT '',
  card        BLOB
);
CREATE INDEX deliveries_lane ON deliveries (channel, id) WHERE state = 'waiting';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_ended ON deliveries (finished_at) WHERE state IN ('delivered', 'accepted', 'dismissed');

CREATE TABLE attempts (
  delivery    INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  started     INTEGER NOT NULL,
  took        INTEGER NOT NULL,
  verdict     TEXT    NOT NULL,
  status      INTEGER NOT NULL,
  detail      TEXT    NOT NULL,
  retry_after INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  omitted     BLOB,
  duplicate   INTEGER NOT NULL,
  PRIMARY KEY (delivery, seq)
) WITHOUT ROWID;

CREATE TABLE connectors (
  name       TEXT PRIMARY KEY,
  type       TEXT    NOT NULL,
  hook_token TEXT    NOT NULL UNIQUE,
  last_event INTEGER NOT NULL DEFAULT 0,
  poll       BLOB,
  checkpoint BLOB
);
CREATE INDEX seen_expires ON seen (expires);
CREATE TABLE health (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  written_at INTEGER NOT NULL
);

CREATE INDEX old_deliveries_event ON old_deliveries (event);
INSERT INTO events SELECT id, connector, key, kind, time, accepted_at, fate,
  coalesce((SELECT min(id) FROM old_deliveries d WHERE d.event = e.id), 0),
  (SELECT count(*) FROM old_deliveries d WHERE d.event = e.id),
  nullif(CAST(traces AS BLOB), x'5b5d'), data, card
  FROM old_events e ORDER BY id;
INSERT INTO attempts SELECT delivery, row_number() OVER (PARTITION BY delivery ORDER BY rowid), number, started, took,
  verdict, status, detail, retry_after, bytes, nullif(CAST(omitted AS BLOB), x'5b5d'), duplicate
  FROM old_attempts;
INSERT INTO deliveries SELECT d.id, d.event, e.connector, d.channel, d.state, d.attempts, d.next_at,
  coalesce((SELECT min(started) FROM attempts a WHERE a.delivery = d.id), 0), d.unknown, d.finished_at, d.reason, d.card
  FROM old_deliveries d JOIN events e ON e.id = d.event ORDER BY d.id;
INSERT INTO connectors SELECT name, type, hook_token, last_event, nullif(CAST(poll AS BLOB), x'7b7d'), checkpoint FROM old_connectors;

DROP TABLE old_events;
DROP TABLE old_deliveries;
DROP TABLE old_attempts;
DROP TABLE old_connectors;
