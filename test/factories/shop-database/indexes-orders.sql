ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
ALTER TABLE order_items ADD CONSTRAINT order_items_pkey PRIMARY KEY (id);

-- the same index twice: one by hand, one by the ORM's migration
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
-- nobody looks for a currency
CREATE INDEX orders_currency_idx ON orders (currency);
-- the first column of the next one
CREATE INDEX order_items_product_id_idx ON order_items (product_id);
CREATE INDEX order_items_product_id_order_id_idx ON order_items (product_id, order_id);
-- missing on purpose: orders (status, placed_at), orders (placed_at), order_items (order_id)
