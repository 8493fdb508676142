-- Digests landed without this column, which was added to their migration in place.
ALTER TABLE attempts ADD COLUMN gathered INTEGER NOT NULL DEFAULT 0;
