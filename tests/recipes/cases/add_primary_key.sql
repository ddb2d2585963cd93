ALTER TABLE loans ADD PRIMARY KEY (book, isbn);
