-- +goose Up

-- What an event belongs to, such as a pull request; empty for nothing.
ALTER TABLE events ADD COLUMN thread TEXT NOT NULL DEFAULT '';

-- Urgent ones go out in quiet hours, too.
ALTER TABLE deliveries ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
-- The delivery that led the digest in which this one was last sent; 0 for none.
ALTER TABLE deliveries ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;
-- How many cards an attempt carried as one digest; 0 for one card as it is.
ALTER TABLE attempts ADD COLUMN gathered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_urgent ON deliveries (channel, id) WHERE state = 'waiting' AND urgent = 1;
