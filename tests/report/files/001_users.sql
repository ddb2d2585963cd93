CREATE TABLE users (id bigint PRIMARY KEY, name text, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric);
