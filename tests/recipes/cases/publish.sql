-- schema: library.sql
CREATE PUBLICATION readings FOR TABLE readers;
