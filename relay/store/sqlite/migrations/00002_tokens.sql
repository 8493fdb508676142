-- +goose Up

-- What sign-ins gave, encrypted.
CREATE TABLE tokens (
  connector TEXT PRIMARY KEY,
  sealed    BLOB NOT NULL
) WITHOUT ROWID;
