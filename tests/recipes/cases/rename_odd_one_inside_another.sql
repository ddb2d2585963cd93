-- schema: odd_names.sql
ALTER TABLE "My schema"."Select.""all" RENAME name TO names_of_name;
