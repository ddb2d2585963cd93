-- stays: INSERT INTO shelves (code, room) SELECT 'of ' || isbn, copies FROM books WHERE isbn IS NOT NULL
INSERT INTO shelves (code, room) SELECT 'of ' || isbn, copies FROM books WHERE isbn IS NOT NULL ON CONFLICT (code) DO NOTHING;
