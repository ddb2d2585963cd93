-- schema: odd_names.sql
ALTER TABLE "My schema"."Select.""all" RENAME "a""b" TO "c""""d";
