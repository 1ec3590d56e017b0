-- A busy hour with its writes: short statements, most of them often.

-- name: insert_order, calls: 12000
INSERT INTO orders (customer_id, status, total, shipping_address, placed_at) VALUES (4711, 'pending', 99.50, '{"city": "City 3", "zip": "01234"}', '2026-07-01');
-- name: insert_item, calls: 36000
INSERT INTO order_items (order_id, product_id, quantity, unit_price) VALUES (31415, 271, 2, 19.90);
-- name: insert_event, calls: 90000
INSERT INTO events (id, customer_id, kind, path, occurred_at) VALUES (99000001, 55, 'page_view', '/products/17', '2026-06-30 12:00Z');
-- name: insert_session, calls: 5000
INSERT INTO "userSessions" ("id", "userId", "createdAt", "expiresAt") VALUES ('ses_new', 'usr_new', '2026-06-30', '2026-07-14');
-- name: insert_review, calls: 400
INSERT INTO reviews (product_id, customer_id, rating, body, created_at) VALUES (321, 4711, 5, 'Just right.', '2026-06-30');
-- name: pay_order, calls: 11000
UPDATE orders SET status = 'paid' WHERE id = 31415;
-- name: ship_order, calls: 11000
UPDATE orders SET status = 'shipped', shipped_at = '2026-06-30' WHERE id = 27182;
-- name: see_customer, calls: 40000
UPDATE customers SET last_seen_at = '2026-06-30' WHERE id = 4711;
-- name: change_price, calls: 300
UPDATE products SET price = price * 1.02 WHERE sku = 'SKU-0001234';
-- name: revoke_sessions, calls: 600
UPDATE "userSessions" SET "revokedAt" = '2026-06-30' WHERE "userId" = 'usr_0bd5d1e3a3a8b1cf2d1a1a0e7c7a4cfa' AND "revokedAt" IS NULL;
-- name: touch_account, calls: 3000
UPDATE "UserAccount" SET "updatedAt" = '2026-06-30' WHERE "customerId" = 1234;
-- name: cancel_stale, calls: 12
UPDATE orders SET status = 'cancelled' WHERE status = 'pending' AND placed_at < '2026-05-01';
-- name: delete_expired, calls: 12
DELETE FROM "userSessions" WHERE "expiresAt" < '2025-07-18';
-- name: delete_review, calls: 40
DELETE FROM reviews WHERE product_id = 654 AND customer_id = 321;

-- name: customer_by_id, calls: 30000
SELECT id, name, email, status FROM customers WHERE id = 4711;
-- name: customer_by_email, calls: 6000
SELECT id, name FROM customers WHERE lower(email) = 'anna.bauer42@mail.example';
-- name: order_by_id, calls: 25000
SELECT * FROM orders WHERE id = 31415;
-- name: orders_of_customer, calls: 9000
SELECT id, status, total, placed_at FROM orders WHERE customer_id = 2718 ORDER BY placed_at DESC LIMIT 10;
-- name: open_orders_of_customer, calls: 4000
SELECT id, total FROM orders WHERE customer_id = 99 AND status IN ('pending', 'paid');
-- name: items_of_order, calls: 20000
SELECT product_id, quantity, unit_price, discount FROM order_items WHERE order_id = 27182;
-- name: pending_orders, calls: 360
SELECT id, customer_id, placed_at FROM orders WHERE status = 'pending' ORDER BY placed_at LIMIT 100;
-- name: parcels, calls: 360
SELECT id FROM orders WHERE status = 'paid' ORDER BY placed_at LIMIT 20 FOR UPDATE SKIP LOCKED;
-- name: newest_orders, calls: 600
SELECT id, customer_id, total, placed_at FROM orders ORDER BY placed_at DESC LIMIT 50;
-- name: product_by_sku, calls: 15000
SELECT id, name, price FROM products WHERE sku = 'SKU-0001234';
-- name: products_of_category, calls: 3000
SELECT id, name, price FROM products WHERE category = 'category-12' AND discontinued_at IS NULL ORDER BY price LIMIT 40;
-- name: product_words, calls: 900
SELECT id, name FROM products WHERE search @@ to_tsquery('english', 'oak & lamp') LIMIT 20;
-- name: reviews_of_product, calls: 6000
SELECT rating, body, created_at FROM reviews WHERE product_id = 321 ORDER BY created_at DESC LIMIT 10;
-- name: rating_of_product, calls: 6000
SELECT avg(rating), count(*) FROM reviews WHERE product_id = 654;
-- name: timeline, calls: 2000
SELECT kind, path, occurred_at FROM events WHERE customer_id = 55 ORDER BY occurred_at DESC LIMIT 30;
-- name: sessions_of_user, calls: 9000
SELECT "id", "expiresAt" FROM "userSessions" WHERE "userId" = 'usr_0bd5d1e3a3a8b1cf2d1a1a0e7c7a4cfa' AND "revokedAt" IS NULL;
-- name: session_by_id, calls: 50000
SELECT "userId", "expiresAt" FROM "userSessions" WHERE "id" = 'ses_0bd5d1e3a3a8b1cf2d1a1a0e7c7a4cfa';
-- name: account_of_customer, calls: 4000
SELECT "id", "role" FROM "UserAccount" WHERE "customerId" = 1234;
-- name: changes_of_order, calls: 500
SELECT action, actor, logged_at FROM audit_log WHERE table_name = 'orders' AND row_id = 1001 ORDER BY logged_at;
-- name: prices_of_sku, calls: 1500
SELECT supplier, price FROM supplier_prices WHERE sku = 'SKU-0000777' ORDER BY imported_on DESC, price LIMIT 5;
-- name: customers_seen_lately, calls: 60
SELECT count(*) FROM customers WHERE last_seen_at >= '2026-06-30';
-- name: dashboard_revenue, calls: 60
SELECT count(*), sum(total) FROM orders WHERE placed_at >= '2026-06-30';
