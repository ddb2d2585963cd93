-- schema: oddities.sql
-- catalog: database
ALTER TABLE tools RENAME firm TO maker;
ALTER TABLE tools RENAME tags TO words;
ALTER TABLE repairs RENAME note TO remark;
