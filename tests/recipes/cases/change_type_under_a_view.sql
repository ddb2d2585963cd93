-- schema: library.sql
-- options: --as remark --fallback NULL
-- then: ALTER TABLE visits RENAME note TO remark
DROP VIEW visited;
ALTER TABLE visits ALTER note TYPE varchar(50);
CREATE VIEW visits_2 AS SELECT v.reader, note FROM visits AS v WHERE v.note > 'a';
GRANT SELECT ON visits_2 TO PUBLIC;
