PRAGMA page_size = 8192;
PRAGMA application_id = 1380729177;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-25 13:50:49');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-25 13:50:49');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-25 13:50:49');
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
INSERT INTO events VALUES(1,'blog','post 1','item',1700000000000000,1795614649435051,'routed',1,2,NULL,X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742031222c2274657874223a2274657874227d');
INSERT INTO events VALUES(2,'blog','post 2','item',1700000000000000,1795614649438577,'routed',3,2,NULL,X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742032222c2274657874223a2274657874227d');
INSERT INTO events VALUES(3,'blog','post 3','item',1700000000000000,1795614649442096,'routed',5,2,NULL,X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742033222c2274657874223a2274657874227d');
INSERT INTO events VALUES(4,'blog','quiet','item',0,1795614649446918,'filtered',7,0,NULL,NULL,X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a225175696574227d');
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
INSERT INTO deliveries VALUES(1,1,'blog','a','delivered',1,0,1700000001000000,0,1795614649447368,'',NULL);
INSERT INTO deliveries VALUES(2,1,'blog','b','waiting',0,0,0,0,0,'',X'7b227469746c65223a22466f722062227d');
INSERT INTO deliveries VALUES(3,2,'blog','a','dead',1,0,1700000001000000,0,1795614649448653,'too large',NULL);
INSERT INTO deliveries VALUES(4,2,'blog','b','waiting',0,0,0,0,0,'',X'7b227469746c65223a22466f722062227d');
INSERT INTO deliveries VALUES(5,3,'blog','a','waiting',0,0,0,0,0,'',NULL);
INSERT INTO deliveries VALUES(6,3,'blog','b','waiting',0,0,0,0,0,'',X'7b227469746c65223a22466f722062227d');
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
INSERT INTO attempts VALUES(1,1,1,1700000001000000,1000000,'delivered',200,'',0,0,X'5b22612070696374757265225d',0);
INSERT INTO attempts VALUES(3,1,1,1700000001000000,1000000,'rejected',200,'',0,0,X'5b22612070696374757265225d',0);
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
INSERT INTO connectors VALUES('blog','rss','duy9DPVEGTljTGaNPz5SnFQTv7ochfFs',1795614649446918,NULL,X'706f736974696f6e2033');
CREATE TABLE seen (
  connector TEXT    NOT NULL,
  key       TEXT    NOT NULL,
  event     INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  PRIMARY KEY (connector, key)
) WITHOUT ROWID;
INSERT INTO seen VALUES('blog','post 1',1,1803477049435051);
INSERT INTO seen VALUES('blog','post 2',2,1803477049438577);
INSERT INTO seen VALUES('blog','post 3',3,1803477049442096);
INSERT INTO seen VALUES('blog','quiet',4,1803477049446918);
CREATE TABLE health (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  written_at INTEGER NOT NULL
);
CREATE TABLE tokens (
  connector TEXT PRIMARY KEY,
  sealed    BLOB NOT NULL
) WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',3);
INSERT INTO sqlite_sequence VALUES('events',4);
INSERT INTO sqlite_sequence VALUES('deliveries',6);
CREATE INDEX events_key ON events (key);
CREATE INDEX events_alone ON events (accepted_at) WHERE deliveries = 0;
CREATE INDEX deliveries_lane ON deliveries (channel, id) WHERE state = 'waiting';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_ended ON deliveries (finished_at) WHERE state IN ('delivered', 'accepted', 'dismissed');
CREATE INDEX seen_expires ON seen (expires);
COMMIT;
