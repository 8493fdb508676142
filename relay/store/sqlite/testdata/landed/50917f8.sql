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
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(4,3,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(5,5,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(6,6,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(7,7,1,'2026-11-25 19:58:08');
INSERT INTO goose_db_version VALUES(8,8,1,'2026-11-25 19:58:08');
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
, thread TEXT NOT NULL DEFAULT '', title TEXT);
INSERT INTO events VALUES(1,'blog','post 1','item',1700000000000000,1795636688645126,'routed',1,2,X'5b7b22726f757465223a312c226d617463686564223a747275652c226368616e6e656c73223a5b2261222c2262225d7d5d',X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742031222c2274657874223a2274657874227d','','Post 1');
INSERT INTO events VALUES(2,'blog','post 2','item',1700000000000000,1795636688646263,'routed',3,2,X'5b7b22726f757465223a312c226d617463686564223a747275652c226368616e6e656c73223a5b2261222c2262225d7d5d',X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742032222c2274657874223a2274657874227d','','Post 2');
INSERT INTO events VALUES(3,'blog','post 3','item',1700000000000000,1795636688655049,'routed',5,2,X'5b7b22726f757465223a312c226d617463686564223a747275652c226368616e6e656c73223a5b2261222c2262225d7d5d',X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742033222c2274657874223a2274657874227d','','Post 3');
INSERT INTO events VALUES(4,'blog','nobody wanted it','item',1700000000000000,1795636688655900,'filtered',7,0,NULL,X'7b226e223a317d',X'7b224074797065223a224d65737361676543617264222c2240636f6e74657874223a2268747470733a2f2f736368656d612e6f72672f657874656e73696f6e73222c227469746c65223a22506f73742034222c2274657874223a2274657874227d','','Post 4');
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
, urgent INTEGER NOT NULL DEFAULT 0, digest INTEGER NOT NULL DEFAULT 0, title TEXT, crashes INTEGER NOT NULL DEFAULT 0);
INSERT INTO deliveries VALUES(1,1,'blog','a','delivered',1,0,0,0,1795636688663530,'',NULL,0,0,NULL,0);
INSERT INTO deliveries VALUES(2,1,'blog','b','waiting',0,0,0,0,0,'',NULL,0,0,NULL,0);
INSERT INTO deliveries VALUES(3,2,'blog','a','dead',1,0,0,0,1795636688659613,'rejected: too large',NULL,0,0,NULL,0);
INSERT INTO deliveries VALUES(4,2,'blog','b','waiting',0,0,0,0,0,'',NULL,0,0,NULL,0);
INSERT INTO deliveries VALUES(5,3,'blog','a','waiting',0,0,0,0,0,'',NULL,0,0,NULL,0);
INSERT INTO deliveries VALUES(6,3,'blog','b','waiting',0,0,0,0,0,'',NULL,0,0,NULL,0);
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
  duplicate   INTEGER NOT NULL, gathered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (delivery, seq)
) WITHOUT ROWID;
INSERT INTO attempts VALUES(1,1,1,1795636688663529,1000,'delivered',200,'',0,100,X'5b22612070696374757265225d',0,0);
INSERT INTO attempts VALUES(3,1,1,1795636688659612,1000,'rejected',200,'',0,100,X'5b22612070696374757265225d',0,0);
CREATE TABLE lanes (
  channel TEXT PRIMARY KEY,
  pause   TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  since   INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO lanes VALUES('b','operator','maintenance',1795636688680139,0);
CREATE TABLE connectors (
  name       TEXT PRIMARY KEY,
  type       TEXT    NOT NULL,
  hook_token TEXT    NOT NULL UNIQUE,
  last_event INTEGER NOT NULL DEFAULT 0,
  poll       BLOB,             -- JSON, NULL before the first poll
  checkpoint BLOB
, keys TEXT NOT NULL DEFAULT '', hook_used INTEGER NOT NULL DEFAULT 0, former_token TEXT NOT NULL DEFAULT '', former_until INTEGER NOT NULL DEFAULT 0, former_used INTEGER NOT NULL DEFAULT 0);
INSERT INTO connectors VALUES('blog','rss','xV3-74DMBoWUKkE2fVqEkgCfIUX6gkhz',1795636688655900,X'7b224e657874223a22303030312d30312d30315430303a30303a30305a222c224c617374223a22303030312d30312d30315430303a30303a30305a222c224865616c7468223a226f6b222c2250726f626c656d223a22222c224661696c75726573223a302c2253696e6365223a22303030312d30312d30315430303a30303a30305a222c224e6f7465223a22222c224669727374223a22303030312d30312d30315430303a30303a30305a222c2253696c656e74223a66616c73657d',X'706f736974696f6e2033','',0,'',0,0);
CREATE TABLE seen (
  connector TEXT    NOT NULL,
  key       TEXT    NOT NULL,
  event     INTEGER NOT NULL,
  expires   INTEGER NOT NULL, fingerprint BLOB,
  PRIMARY KEY (connector, key)
) WITHOUT ROWID;
INSERT INTO seen VALUES('blog','nobody wanted it',4,1803499088655900,NULL);
INSERT INTO seen VALUES('blog','post 1',1,1803499088645126,NULL);
INSERT INTO seen VALUES('blog','post 2',2,1803499088646263,NULL);
INSERT INTO seen VALUES('blog','post 3',3,1803499088655049,NULL);
CREATE TABLE health (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  written_at INTEGER NOT NULL
);
CREATE TABLE tokens (
  connector TEXT PRIMARY KEY,
  sealed    BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO tokens VALUES('blog',X'7365616c6564');
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
INSERT INTO refusals VALUES('blog','192.0.2.1','POST',400,'no JSON',0,1,1795636688679452,1795636688679452);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',8);
INSERT INTO sqlite_sequence VALUES('events',4);
INSERT INTO sqlite_sequence VALUES('deliveries',6);
CREATE INDEX events_key ON events (key);
CREATE INDEX events_alone ON events (accepted_at) WHERE deliveries = 0;
CREATE INDEX deliveries_lane ON deliveries (channel, id) WHERE state = 'waiting';
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_ended ON deliveries (finished_at) WHERE state IN ('delivered', 'accepted', 'dismissed');
CREATE INDEX seen_expires ON seen (expires);
CREATE INDEX deliveries_urgent ON deliveries (channel, id) WHERE state = 'waiting' AND urgent = 1;
CREATE INDEX events_connector ON events (connector, id);
CREATE INDEX events_unrouted ON events (fate, id) WHERE fate <> 'routed';
CREATE INDEX deliveries_turns ON deliveries (channel, connector, id) WHERE state = 'waiting';
CREATE INDEX deliveries_urgent_turns ON deliveries (channel, connector, id) WHERE state = 'waiting' AND urgent = 1;
COMMIT;
