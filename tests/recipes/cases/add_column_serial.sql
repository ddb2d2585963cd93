-- numbered: shelves.id
ALTER TABLE shelves ADD COLUMN id serial;
