-- schema: oddities.sql
-- numbered: repairs.id
ALTER TABLE repairs ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
