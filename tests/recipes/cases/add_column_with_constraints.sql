ALTER TABLE loans ADD COLUMN reader integer REFERENCES members ON DELETE SET NULL CHECK (reader > 0);
