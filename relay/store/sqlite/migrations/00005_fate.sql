-- +goose Up

-- Events are listed newest first, by connector, and those that went nowhere.
CREATE INDEX events_connector ON events (connector, id);
CREATE INDEX events_unrouted ON events (fate, id) WHERE fate <> 'routed';

-- What the event of a key was like, where a key may be used for one content only.
ALTER TABLE seen ADD COLUMN fingerprint BLOB;

-- A lane in which one connector crowds the others is read by connector.
CREATE INDEX deliveries_turns ON deliveries (channel, connector, id) WHERE state = 'waiting';
CREATE INDEX deliveries_urgent_turns ON deliveries (channel, connector, id) WHERE state = 'waiting' AND urgent = 1;

-- Requests to hooks of which nothing was accepted; the same one again is counted.
-- A connector has few rows.
CREATE TABLE refusals (
  connector TEXT    NOT NULL,
  remote    TEXT    NOT NULL,
  method    TEXT    NOT NULL,
  status    INTEGER NOT NULL,
  reason    TEXT    NOT NULL,
  bytes     INTEGER NOT NULL, -- of the last one's body
  count     INTEGER NOT NULL,
  first     INTEGER NOT NULL,
  last      INTEGER NOT NULL,
  PRIMARY KEY (connector, remote, method, status, reason)
) WITHOUT ROWID;
