ALTER TABLE orders
    ADD CONSTRAINT orders_user_fk
        FOREIGN KEY (user_id)
        REFERENCES users (id),
    ALTER COLUMN total TYPE float8;
CREATE INDEX orders_user_idx
    ON orders (user_id);
