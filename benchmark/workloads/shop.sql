-- What the shop's pages, jobs and clerks read: 67 statements, each with the number of its calls in an hour.

-- name: customer_by_id, calls: 4000
SELECT id, name, email, status FROM customers WHERE id = 4711;
-- name: customer_by_email, calls: 900
SELECT id, name FROM customers WHERE lower(email) = 'anna.bauer42@mail.example';
-- name: customers_of_country, calls: 20
SELECT id, name, created_at FROM customers WHERE country = 'PT' AND status = 'active' ORDER BY created_at DESC LIMIT 50;
-- name: blocked_customers, calls: 10
SELECT id, email, last_seen_at FROM customers WHERE status = 'blocked' ORDER BY last_seen_at DESC NULLS LAST;
-- name: customers_seen_lately, calls: 30
SELECT count(*) FROM customers WHERE last_seen_at >= '2026-06-30';
-- name: customers_of_segment, calls: 15
SELECT id, name FROM customers WHERE tags @> ARRAY['segment-17'];
-- name: wholesale_customers_abroad, calls: 6
SELECT id, name, country FROM customers WHERE tags && ARRAY['wholesale'] AND country IN ('SE', 'PT', 'JP');
-- name: french_newsletter, calls: 4
SELECT id, email FROM customers WHERE preferences @> '{"language": "fr", "newsletter": true}' AND country = 'SE';
-- name: referred_by, calls: 40
SELECT id, name, created_at FROM customers WHERE referred_by = 321;
-- name: best_referrers, calls: 2
SELECT referred_by, count(*) FROM customers WHERE referred_by IS NOT NULL GROUP BY referred_by ORDER BY 2 DESC LIMIT 10;
-- name: customers_with_credit, calls: 8
SELECT id, name, credit_limit FROM customers WHERE credit_limit > 18000 ORDER BY credit_limit DESC;
-- name: customer_search, calls: 60
SELECT id, name FROM customers WHERE name ILIKE '%tanaka%' AND created_at > '2026-01-01' LIMIT 20;
-- name: customer_name_begins, calls: 45
SELECT id, name FROM customers WHERE name LIKE 'Yusuf W%' ORDER BY name LIMIT 20;
-- name: newest_customers, calls: 25
SELECT id, name, created_at FROM customers ORDER BY created_at DESC LIMIT 25;

-- name: order_by_id, calls: 5000
SELECT * FROM orders WHERE id = 31415;
-- name: orders_of_customer, calls: 1500
SELECT id, status, total, placed_at FROM orders WHERE customer_id = 2718 ORDER BY placed_at DESC LIMIT 10;
-- name: open_orders_of_customer, calls: 400
SELECT id, total FROM orders WHERE customer_id = 99 AND status IN ('pending', 'paid');
-- name: newest_orders, calls: 120
SELECT id, customer_id, total, placed_at FROM orders ORDER BY placed_at DESC LIMIT 50;
-- name: pending_orders, calls: 90
SELECT id, customer_id, placed_at FROM orders WHERE status = 'pending' ORDER BY placed_at LIMIT 100;
-- name: paid_since, calls: 60
SELECT id, total FROM orders WHERE status = 'paid' AND placed_at >= '2026-06-20' ORDER BY placed_at;
-- name: orders_of_day, calls: 30
SELECT count(*), sum(total) FROM orders WHERE placed_at >= '2026-06-15' AND placed_at < '2026-06-16';
-- name: dollars_of_week, calls: 6
SELECT sum(total) FROM orders WHERE currency = 'USD' AND placed_at >= '2026-06-22' AND placed_at < '2026-06-29';
-- name: not_shipped, calls: 25
SELECT id, placed_at FROM orders WHERE shipped_at IS NULL AND status = 'paid' ORDER BY placed_at LIMIT 50;
-- name: shipped_on_day, calls: 12
SELECT id, customer_id FROM orders WHERE shipped_at >= '2026-06-10' AND shipped_at < '2026-06-11';
-- name: orders_with_coupon, calls: 8
SELECT count(*), avg(total) FROM orders WHERE coupon = 'SAVE30' AND placed_at >= '2026-04-01';
-- name: orders_to_city, calls: 10
SELECT id, customer_id, total FROM orders WHERE shipping_address @> '{"city": "City 123"}';
-- name: orders_to_zip, calls: 18
SELECT id, customer_id FROM orders WHERE shipping_address ->> 'zip' = '04242';
-- name: large_orders, calls: 9
SELECT id, customer_id, total FROM orders WHERE total > 1990 ORDER BY total DESC LIMIT 20;
-- name: orders_with_door, calls: 3
SELECT id, note FROM orders WHERE note LIKE '%door 77%';
-- name: largest_order, calls: 4
SELECT max(total) FROM orders WHERE currency = 'USD';
-- name: order_page, calls: 35
SELECT id, total FROM orders WHERE id > 20000 ORDER BY id LIMIT 100;

-- name: items_of_order, calls: 3000
SELECT product_id, quantity, unit_price, discount FROM order_items WHERE order_id = 27182;
-- name: order_with_items, calls: 700
SELECT o.id, o.placed_at, i.product_id, i.quantity, p.name FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.id = 16180;
-- name: orders_with_items_of_customer, calls: 150
SELECT o.id, i.product_id, i.quantity FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.customer_id = 1234;
-- name: total_of_order, calls: 250
SELECT sum(quantity * unit_price * (1 - coalesce(discount, 0))) FROM order_items WHERE order_id = 4242;
-- name: buyers_of_product, calls: 12
SELECT DISTINCT o.customer_id FROM order_items i JOIN orders o ON o.id = i.order_id WHERE i.product_id = 1500 AND o.placed_at >= '2026-05-01';
-- name: bought_together, calls: 5
SELECT b.product_id, count(*) FROM order_items a JOIN order_items b ON b.order_id = a.order_id AND b.product_id <> a.product_id WHERE a.product_id = 1900 GROUP BY b.product_id ORDER BY 2 DESC LIMIT 5;
-- name: discounted_items, calls: 3
SELECT product_id, count(*) FROM order_items WHERE discount >= 0.3 GROUP BY product_id ORDER BY 2 DESC LIMIT 10;
-- name: dear_items, calls: 4
SELECT order_id, unit_price FROM order_items WHERE unit_price > 795 AND quantity >= 5;

-- name: product_by_sku, calls: 2500
SELECT id, name, price FROM products WHERE sku = 'SKU-0001234';
-- name: products_of_category, calls: 300
SELECT id, name, price FROM products WHERE category = 'category-12' AND discontinued_at IS NULL ORDER BY price LIMIT 40;
-- name: cheap_products, calls: 40
SELECT id, name, price FROM products WHERE price < 2.5 ORDER BY price;
-- name: product_words, calls: 100
SELECT id, name FROM products WHERE search @@ to_tsquery('english', 'oak & lamp') LIMIT 20;
-- name: copper_products, calls: 20
SELECT id, name FROM products WHERE attributes @> '{"colour": "copper"}';
-- name: products_of_supplier, calls: 30
SELECT id, name FROM products WHERE attributes -> 'supplier' ->> 'id' = '77';
-- name: products_of_sale_week, calls: 25
SELECT id, name FROM products WHERE labels @> ARRAY['week-33'];
-- name: discontinued, calls: 5
SELECT id, name FROM products WHERE discontinued_at >= '2026-06-01' ORDER BY discontinued_at DESC;

-- name: reviews_of_product, calls: 800
SELECT rating, body, created_at FROM reviews WHERE product_id = 321 ORDER BY created_at DESC LIMIT 10;
-- name: rating_of_product, calls: 600
SELECT avg(rating), count(*) FROM reviews WHERE product_id = 654;
-- name: bad_reviews, calls: 20
SELECT id, product_id, body FROM reviews WHERE rating = 1 AND created_at >= '2026-06-20' ORDER BY created_at DESC;
-- name: reviews_of_customer, calls: 30
SELECT r.rating, p.name FROM reviews r JOIN products p ON p.id = r.product_id WHERE r.customer_id = 777;

-- name: timeline, calls: 200
SELECT kind, path, occurred_at FROM events WHERE customer_id = 55 ORDER BY occurred_at DESC LIMIT 30;
-- name: errors_of_day, calls: 24
SELECT path, occurred_at FROM events WHERE kind = 'error' AND occurred_at >= '2026-06-30';
-- name: checkouts_of_week, calls: 8
SELECT count(*) FROM events WHERE kind = 'checkout' AND occurred_at >= '2026-06-22' AND occurred_at < '2026-06-29';
-- name: visitors_of_path, calls: 14
SELECT count(DISTINCT customer_id) FROM events WHERE path = '/products/1234' AND occurred_at >= '2026-06-01';
-- name: campaign, calls: 6
SELECT count(*) FROM events WHERE payload @> '{"campaign": "winter"}' AND occurred_at >= '2026-04-01';
-- name: slow_pages, calls: 5
SELECT path, (payload ->> 'ms')::int AS ms FROM events WHERE (payload ->> 'ms')::int > 2990 AND occurred_at >= '2026-06-01';

-- name: changes_of_order, calls: 70
SELECT action, actor, logged_at FROM audit_log WHERE table_name = 'orders' AND row_id = 1001 ORDER BY logged_at;
-- name: changes_of_actor, calls: 12
SELECT table_name, row_id, action, logged_at FROM audit_log WHERE actor = 'support-7' ORDER BY logged_at DESC LIMIT 50;
-- name: deletes_lately, calls: 6
SELECT table_name, row_id, actor FROM audit_log WHERE action = 'DELETE' AND logged_at >= '2026-06-25';

-- name: sessions_of_user, calls: 900
SELECT "id", "expiresAt" FROM "userSessions" WHERE "userId" = 'usr_0bd5d1e3a3a8b1cf2d1a1a0e7c7a4cfa' AND "revokedAt" IS NULL;
-- name: sessions_from_address, calls: 15
SELECT "userId", "createdAt" FROM "userSessions" WHERE "ipAddress" = '10.0.12.34' ORDER BY "createdAt" DESC;
-- name: expired_sessions, calls: 12
SELECT count(*) FROM "userSessions" WHERE "expiresAt" < '2025-07-20' AND "revokedAt" IS NULL;
-- name: administrators, calls: 5
SELECT "id", "displayName" FROM "UserAccount" WHERE "role" = 'ADMIN' AND "isActive";
-- name: account_of_customer, calls: 300
SELECT "id", "role" FROM "UserAccount" WHERE "customerId" = 1234;
-- name: prices_of_sku, calls: 150
SELECT supplier, price FROM supplier_prices WHERE sku = 'SKU-0000777' ORDER BY imported_on DESC, price LIMIT 5;
-- name: dear_supplier, calls: 5
SELECT sku, price FROM supplier_prices WHERE supplier = 'Supplier 44' AND price > 550;
