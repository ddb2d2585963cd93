-- options: --as days=days_text --up days="days::text || ' days'" --down days="split_part(days_text, ' ', 1)::integer"
-- then: ALTER TABLE loans RENAME days TO days_text
ALTER TABLE loans ALTER days TYPE text USING days::text || ' days';
