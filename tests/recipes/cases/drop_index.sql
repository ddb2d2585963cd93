DROP INDEX by_size;
