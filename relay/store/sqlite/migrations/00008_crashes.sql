-- +goose Up

-- How often the relay has died while it wrote the delivery's card, since the card was
-- last written.
ALTER TABLE deliveries ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
