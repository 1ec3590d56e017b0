INSERT INTO order_items (id, order_id, product_id, quantity, unit_price, discount)
SELECT
  n,
  1 + (n - 1)::bigint * pg_temp.row_count('orders') / pg_temp.row_count('order_items'),
  1 + pg_temp.pick_skewed(n, 70, pg_temp.row_count('products')),
  1 + pg_temp.pick_skewed(n, 71, 8),
  2 + pg_temp.pick_skewed(n, 72, 80000) / 100.0,
  CASE WHEN pg_temp.uniform(n, 73) < 0.1 THEN 0.05 * (1 + pg_temp.pick(n, 74, 6)) END
FROM generate_series(1, pg_temp.row_count('order_items')) AS n;

SELECT setval('order_items_id_seq', pg_temp.row_count('order_items'));
