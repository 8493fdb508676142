-- +goose Up

-- The last delivery that goes out before the lane pauses; 0 for a lane that is not being
-- drained.
ALTER TABLE lanes ADD COLUMN drain INTEGER NOT NULL DEFAULT 0;

-- When a hook ends is for the configuration to say.
ALTER TABLE connectors DROP COLUMN hook_until;
