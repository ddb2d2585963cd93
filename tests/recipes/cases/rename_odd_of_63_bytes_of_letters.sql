-- schema: odd_names.sql
ALTER TABLE "My schema"."Select.""all" RENAME "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü" TO "äääääääääääääääääääääääääääääää";
