-- schema: odd_names.sql
ALTER TABLE "My schema"."Select.""all" RENAME "select" TO "table";
