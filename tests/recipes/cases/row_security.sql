-- schema: library.sql
CREATE POLICY others ON readers FOR SELECT USING (name <> 'secret');
CREATE POLICY fewer ON readers AS RESTRICTIVE USING (id < 1000);
ALTER TABLE readers ENABLE ROW LEVEL SECURITY;
ALTER POLICY own ON readers USING (id > 0);
