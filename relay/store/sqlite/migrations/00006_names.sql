-- +goose Up

-- The name under which a connector's keys are kept, where that is not its own: a
-- connector that gets another name may have millions of keys.
ALTER TABLE connectors ADD COLUMN keys TEXT NOT NULL DEFAULT '';

-- When each hook URL was last used; and the URL before this one, which goes on for a
-- while after a rotation.
ALTER TABLE connectors ADD COLUMN hook_used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connectors ADD COLUMN former_token TEXT NOT NULL DEFAULT '';
ALTER TABLE connectors ADD COLUMN former_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connectors ADD COLUMN former_used INTEGER NOT NULL DEFAULT 0;
