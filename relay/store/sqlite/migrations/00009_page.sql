-- +goose Up

-- When a hook URL ends by itself; 0 for never.
ALTER TABLE connectors ADD COLUMN hook_until INTEGER NOT NULL DEFAULT 0;

-- What people make on the page.
CREATE TABLE blocks (
  name     TEXT PRIMARY KEY,
  hcl      TEXT    NOT NULL,
  owner    TEXT    NOT NULL,
  team     TEXT    NOT NULL,
  revision INTEGER NOT NULL,
  saved    INTEGER NOT NULL,
  saved_by TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE secrets (
  name   TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) WITHOUT ROWID;

-- With rows of their own, because the content is large.
CREATE TABLE pictures (
  id      TEXT PRIMARY KEY,
  type    TEXT    NOT NULL,
  owner   TEXT    NOT NULL,
  created INTEGER NOT NULL,
  content BLOB    NOT NULL
);
CREATE INDEX pictures_owner ON pictures (owner);

-- Who may do what, and who did what. A hash is of a secret that only its owner has.
CREATE TABLE sessions (
  hash    BLOB PRIMARY KEY,
  person  TEXT    NOT NULL,
  created INTEGER NOT NULL,
  used    INTEGER NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (person);

CREATE TABLE people (
  name      TEXT PRIMARY KEY,
  groups    TEXT    NOT NULL, -- JSON
  role      TEXT    NOT NULL,
  signed_in INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE api_tokens (
  hash    BLOB PRIMARY KEY,
  person  TEXT    NOT NULL,
  name    TEXT    NOT NULL,
  scopes  TEXT    NOT NULL, -- JSON
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used    INTEGER NOT NULL,
  UNIQUE (person, name)
) WITHOUT ROWID;

CREATE TABLE audit (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  time    INTEGER NOT NULL,
  who     TEXT    NOT NULL,
  via     TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  detail  TEXT    NOT NULL
);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_subject ON audit (subject, id);

CREATE TABLE mutes (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  sort      TEXT    NOT NULL,
  name      TEXT    NOT NULL,
  condition TEXT    NOT NULL,
  since     INTEGER NOT NULL,
  until     INTEGER NOT NULL,
  by        TEXT    NOT NULL,
  reason    TEXT    NOT NULL
);
