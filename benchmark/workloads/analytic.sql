-- Reports: 90 statements, each once. They read much, and many of them no index helps.

-- revenue
-- name: revenue_by_month
SELECT date_trunc('month', placed_at) AS month, sum(total) FROM orders GROUP BY 1 ORDER BY 1;
-- name: revenue_of_quarter_by_country
SELECT c.country, sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.placed_at >= '2026-04-01' GROUP BY 1 ORDER BY 2 DESC;
-- name: revenue_of_june_by_day
SELECT placed_at::date, count(*), sum(total) FROM orders WHERE placed_at >= '2026-06-01' GROUP BY 1 ORDER BY 1;
-- name: revenue_without_cancelled
SELECT currency, sum(total) FROM orders WHERE status <> 'cancelled' AND placed_at >= '2026-01-01' GROUP BY currency;
-- name: dollars_by_month
SELECT date_trunc('month', placed_at), sum(total) FROM orders WHERE currency = 'USD' GROUP BY 1 ORDER BY 1;
-- name: revenue_by_coupon
SELECT coupon, count(*), sum(total) FROM orders WHERE coupon IS NOT NULL GROUP BY coupon ORDER BY 3 DESC;
-- name: returned_share_by_month
SELECT date_trunc('month', placed_at), avg((status = 'returned')::int) FROM orders GROUP BY 1 ORDER BY 1;
-- name: cancelled_of_week
SELECT count(*), sum(total) FROM orders WHERE status = 'cancelled' AND placed_at >= '2026-06-22';
-- name: returned_of_month
SELECT customer_id, total FROM orders WHERE status = 'returned' AND placed_at >= '2026-06-01' ORDER BY total DESC LIMIT 100;
-- name: top_days
SELECT placed_at::date, sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 10;
-- name: revenue_by_hour
SELECT extract(hour FROM placed_at), count(*) FROM orders WHERE placed_at >= '2026-05-01' GROUP BY 1 ORDER BY 1;
-- name: running_total_of_june
SELECT placed_at, sum(total) OVER (ORDER BY placed_at) FROM orders WHERE placed_at >= '2026-06-25';
-- name: growth_by_month
WITH months AS (SELECT date_trunc('month', placed_at) AS month, sum(total) AS revenue FROM orders GROUP BY 1) SELECT month, revenue, revenue / lag(revenue) OVER (ORDER BY month) - 1 FROM months;
-- name: median_total
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders WHERE placed_at >= '2026-06-01';
-- name: largest_of_each_day
SELECT DISTINCT ON (placed_at::date) placed_at::date, id, total FROM orders WHERE placed_at >= '2026-06-01' ORDER BY placed_at::date, total DESC;

-- shipping
-- name: days_to_ship
SELECT avg(shipped_at - placed_at) FROM orders WHERE shipped_at >= '2026-06-01';
-- name: late_parcels
SELECT id, placed_at, shipped_at FROM orders WHERE shipped_at - placed_at > interval '5 days 7 hours' AND placed_at >= '2026-05-01';
-- name: waiting_parcels
SELECT status, count(*), min(placed_at) FROM orders WHERE shipped_at IS NULL AND status IN ('paid', 'pending') GROUP BY status;
-- name: shipped_by_day
SELECT shipped_at::date, count(*) FROM orders WHERE shipped_at >= '2026-06-15' AND shipped_at < '2026-06-29' GROUP BY 1;
-- name: parcels_by_city
SELECT shipping_address ->> 'city', count(*) FROM orders WHERE placed_at >= '2026-06-01' GROUP BY 1 ORDER BY 2 DESC LIMIT 20;
-- name: city_of_zip
SELECT shipping_address ->> 'city', sum(total) FROM orders WHERE shipping_address ->> 'zip' LIKE '042%' GROUP BY 1;
-- name: revenue_of_city
SELECT sum(total), count(*) FROM orders WHERE shipping_address @> '{"city": "City 250"}';
-- name: notes_of_month
SELECT id, note FROM orders WHERE note IS NOT NULL AND placed_at >= '2026-06-20';

-- customers
-- name: customers_by_country
SELECT country, status, count(*) FROM customers GROUP BY 1, 2 ORDER BY 3 DESC;
-- name: best_customers
SELECT customer_id, sum(total) FROM orders GROUP BY customer_id ORDER BY 2 DESC LIMIT 20;
-- name: best_customers_of_month
SELECT c.id, c.name, sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.placed_at >= '2026-06-01' GROUP BY c.id ORDER BY 3 DESC LIMIT 20;
-- name: customers_without_orders
SELECT count(*) FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id);
-- name: new_customers_that_bought
SELECT count(DISTINCT c.id) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.created_at >= '2026-05-01';
-- name: lost_customers
SELECT c.id, c.name, max(o.placed_at) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country = 'PT' GROUP BY c.id HAVING max(o.placed_at) < '2025-07-01';
-- name: orders_of_blocked
SELECT c.id, count(o.id), sum(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.status = 'blocked' GROUP BY c.id;
-- name: dormant_with_credit
SELECT id, name, credit_limit FROM customers WHERE status = 'dormant' AND credit_limit > 15000 ORDER BY credit_limit DESC;
-- name: segments
SELECT tag, count(*) FROM customers, unnest(tags) AS tag GROUP BY tag ORDER BY 2 DESC;
-- name: revenue_of_segment
SELECT sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.tags @> ARRAY['segment-39'];
-- name: wholesale_by_country
SELECT country, count(*) FROM customers WHERE tags @> ARRAY['wholesale'] GROUP BY country;
-- name: languages
SELECT preferences ->> 'language', count(*) FROM customers GROUP BY 1;
-- name: spanish_readers
SELECT count(*) FROM customers WHERE preferences ->> 'language' = 'es' AND country = 'SE';
-- name: referral_tree
SELECT r.id, r.name, count(*) FROM customers c JOIN customers r ON r.id = c.referred_by GROUP BY r.id ORDER BY 3 DESC LIMIT 20;
-- name: referred_revenue
SELECT sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.referred_by BETWEEN 100 AND 200;
-- name: seen_last_week
SELECT country, count(*) FROM customers WHERE last_seen_at >= '2026-06-24' GROUP BY country;
-- name: customers_by_domain
SELECT split_part(email, '@', 2), count(*) FROM customers GROUP BY 1 ORDER BY 2 DESC LIMIT 20;
-- name: customers_of_corporation
SELECT id, email FROM customers WHERE split_part(email, '@', 2) = 'corp-17.example';
-- name: cohorts
SELECT date_trunc('month', c.created_at), date_trunc('month', o.placed_at), count(DISTINCT c.id) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.created_at >= '2026-01-01' GROUP BY 1, 2 ORDER BY 1, 2;
-- name: totals_view
SELECT * FROM reporting.customer_totals WHERE country = 'PT' ORDER BY revenue DESC LIMIT 20;
-- name: second_orders
SELECT customer_id, placed_at FROM (SELECT customer_id, placed_at, row_number() OVER (PARTITION BY customer_id ORDER BY placed_at) AS nth FROM orders) AS numbered WHERE nth = 2 AND placed_at >= '2026-06-01';

-- products
-- name: revenue_by_category
SELECT p.category, sum(i.quantity * i.unit_price) FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY 1 ORDER BY 2 DESC;
-- name: revenue_of_category_in_june
SELECT sum(i.quantity * i.unit_price) FROM order_items i JOIN products p ON p.id = i.product_id JOIN orders o ON o.id = i.order_id WHERE p.category = 'category-55' AND o.placed_at >= '2026-06-01';
-- name: best_sellers_of_week
SELECT i.product_id, sum(i.quantity) FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.placed_at >= '2026-06-24' GROUP BY 1 ORDER BY 2 DESC LIMIT 20;
-- name: never_sold
SELECT count(*) FROM products p WHERE NOT EXISTS (SELECT FROM order_items i WHERE i.product_id = p.id);
-- name: returned_products
SELECT i.product_id, count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.status = 'returned' AND o.placed_at >= '2026-05-01' GROUP BY 1 ORDER BY 2 DESC LIMIT 20;
-- name: products_by_colour
SELECT attributes ->> 'colour', count(*), avg(price) FROM products GROUP BY 1;
-- name: copper_revenue
SELECT sum(i.quantity * i.unit_price) FROM products p JOIN order_items i ON i.product_id = p.id WHERE p.attributes @> '{"colour": "copper", "size": "XL"}';
-- name: supplier_share
SELECT p.attributes -> 'supplier' ->> 'id', sum(i.quantity) FROM products p JOIN order_items i ON i.product_id = p.id WHERE p.category = 'category-50' GROUP BY 1 ORDER BY 2 DESC;
-- name: heavy_products
SELECT id, name, weight_kg FROM products WHERE weight_kg > 49 ORDER BY weight_kg DESC;
-- name: weightless_products
SELECT category, count(*) FROM products WHERE weight_kg IS NULL GROUP BY category;
-- name: dear_products
SELECT category, count(*), max(price) FROM products WHERE price > 700 GROUP BY category;
-- name: dearest_of_category
SELECT DISTINCT ON (category) category, id, price FROM products ORDER BY category, price DESC;
-- name: sold_above_price
SELECT count(*) FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.unit_price > p.price * 300;
-- name: products_of_sale
SELECT count(*), avg(price) FROM products WHERE labels @> ARRAY['sale', 'week-7'];
-- name: discontinued_but_sold
SELECT p.id, max(o.placed_at) FROM products p JOIN order_items i ON i.product_id = p.id JOIN orders o ON o.id = i.order_id WHERE p.discontinued_at < '2024-09-01' GROUP BY p.id;
-- name: discounts
SELECT discount, count(*) FROM order_items WHERE discount IS NOT NULL GROUP BY discount;
-- name: discount_of_june
SELECT avg(i.discount) FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.placed_at >= '2026-06-01' AND i.discount > 0.2;
-- name: large_baskets
SELECT order_id, sum(quantity * unit_price) FROM order_items GROUP BY order_id HAVING sum(quantity * unit_price) > 9000;
-- name: dear_lines
SELECT i.order_id, p.name FROM order_items i JOIN products p ON p.id = i.product_id WHERE i.unit_price > 798;
-- name: pairs_of_product
SELECT b.product_id, count(*) FROM order_items a JOIN order_items b ON b.order_id = a.order_id AND b.product_id > a.product_id WHERE a.product_id = 1777 GROUP BY 1 ORDER BY 2 DESC LIMIT 10;

-- reviews
-- name: ratings
SELECT rating, count(*) FROM reviews GROUP BY rating;
-- name: worst_products
SELECT product_id, avg(rating), count(*) FROM reviews GROUP BY 1 HAVING count(*) > 3 ORDER BY 2 LIMIT 20;
-- name: reviews_of_june
SELECT date_trunc('day', created_at), avg(rating) FROM reviews WHERE created_at >= '2026-06-01' GROUP BY 1;
-- name: one_star_by_category
SELECT p.category, count(*) FROM reviews r JOIN products p ON p.id = r.product_id WHERE r.rating = 1 AND r.created_at >= '2026-05-01' GROUP BY 1;
-- name: reviews_of_category
SELECT avg(r.rating) FROM products p JOIN reviews r ON r.product_id = p.id WHERE p.category = 'category-58';
-- name: orphaned_reviews
SELECT count(*) FROM reviews r LEFT JOIN products p ON p.id = r.product_id WHERE p.id IS NULL;
-- name: texts_that_broke
SELECT product_id, count(*) FROM reviews WHERE body LIKE 'Broke%' AND created_at >= '2026-06-01' GROUP BY 1;
-- name: critics
SELECT customer_id, count(*) FROM reviews WHERE rating <= 2 AND customer_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 10;

-- events
-- name: events_by_kind
SELECT kind, count(*) FROM events WHERE occurred_at >= '2026-06-01' GROUP BY kind;
-- name: funnel_of_week
SELECT kind, count(DISTINCT customer_id) FROM events WHERE kind IN ('search', 'add_to_cart', 'checkout') AND occurred_at >= '2026-06-24' GROUP BY kind;
-- name: errors_by_path
SELECT path, count(*) FROM events WHERE kind = 'error' AND occurred_at >= '2026-05-01' GROUP BY path ORDER BY 2 DESC LIMIT 20;
-- name: campaigns
SELECT payload ->> 'campaign', count(*) FROM events WHERE payload ? 'campaign' AND occurred_at >= '2026-04-01' GROUP BY 1;
-- name: winter_customers
SELECT DISTINCT customer_id FROM events WHERE payload @> '{"campaign": "winter"}';
-- name: slowest_pages
SELECT path, max((payload ->> 'ms')::int) FROM events WHERE occurred_at >= '2026-06-25' GROUP BY path ORDER BY 2 DESC NULLS LAST LIMIT 20;
-- name: visits_of_best_customers
SELECT e.customer_id, count(*) FROM events e JOIN customers c ON c.id = e.customer_id WHERE c.credit_limit > 19000 GROUP BY 1;
-- name: buyers_that_looked
SELECT count(DISTINCT o.customer_id) FROM orders o JOIN events e ON e.customer_id = o.customer_id WHERE o.placed_at >= '2026-06-29' AND e.occurred_at >= '2026-06-29' AND e.kind = 'add_to_cart';
-- name: views_of_product
SELECT date_trunc('month', occurred_at), count(*) FROM events WHERE path = '/products/77' GROUP BY 1;
-- name: last_visit
SELECT customer_id, max(occurred_at) FROM events WHERE customer_id BETWEEN 1 AND 200 GROUP BY 1;

-- audit, accounts, prices
-- name: changes_by_actor
SELECT actor, action, count(*) FROM audit_log GROUP BY 1, 2;
-- name: deletes_by_day
SELECT logged_at::date, count(*) FROM audit_log WHERE action = 'DELETE' AND logged_at >= '2026-06-01' GROUP BY 1;
-- name: attempts
SELECT count(*) FROM audit_log WHERE after @> '{"attempt": 3}' AND logged_at >= '2026-06-15';
-- name: sessions_by_day
SELECT "createdAt"::date, count(*) FROM "userSessions" WHERE "createdAt" >= '2026-06-01' GROUP BY 1;
-- name: sessions_of_staff
SELECT a."displayName", count(*) FROM "UserAccount" a JOIN "userSessions" s ON s."userId" = a."id" WHERE a."role" <> 'USER' GROUP BY 1 ORDER BY 2 DESC LIMIT 20;
-- name: phones
SELECT count(*) FROM "userSessions" WHERE "deviceInfo" @> '{"model": "phone-7"}';
-- name: cheapest_suppliers
SELECT sku, min(price) FROM supplier_prices WHERE imported_on = '2026-06-01' AND sku BETWEEN 'SKU-0000100' AND 'SKU-0000200' GROUP BY sku;
-- name: dearer_than_ours
SELECT s.supplier, count(*) FROM supplier_prices s JOIN products p ON p.sku = s.sku WHERE s.price > p.price * 100 GROUP BY 1 ORDER BY 2 DESC;
