-- +goose Up

-- What lists show, so that they need not read the cards. NULL where an older relay
-- stored the card, and for a delivery whose card is the event's.
ALTER TABLE events ADD COLUMN title TEXT;
ALTER TABLE deliveries ADD COLUMN title TEXT;
