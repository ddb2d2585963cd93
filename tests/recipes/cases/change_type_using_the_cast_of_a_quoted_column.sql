-- options: --as "size" --fallback NULL
-- then: ALTER TABLE books RENAME "Größe" TO size
ALTER TABLE books ALTER "Größe" TYPE text USING "Größe"::text;
