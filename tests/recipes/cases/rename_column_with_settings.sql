-- catalog: database
ALTER TABLE books RENAME note TO remark;
COMMENT ON COLUMN books.remark IS 'what a reader has to know';
ALTER TABLE books ALTER remark SET (n_distinct = 5), ALTER COLUMN remark SET STATISTICS 300;
