-- Two years of orders, older ones first. A few customers order very much, open orders are rare: the averages that the
-- planner would assume without statistics are far from the truth.
INSERT INTO orders (id, customer_id, status, currency, total, coupon, note, shipping_address, placed_at, shipped_at)
SELECT
  n,
  1 + pg_temp.pick_skewed(n, 50, pg_temp.row_count('customers')),
  status::order_status,
  CASE WHEN pg_temp.uniform(n, 52) < 0.97 THEN 'EUR' ELSE 'USD' END,
  round((5 + pg_temp.skewed(n, 53) * 2000)::numeric, 2),
  CASE WHEN pg_temp.uniform(n, 54) < 0.06 THEN 'SAVE' || 5 * (1 + pg_temp.pick_skewed(n, 55, 6)) END,
  CASE WHEN pg_temp.uniform(n, 56) < 0.04 THEN 'Please ring twice, door ' || pg_temp.pick(n, 57, 90) END,
  jsonb_build_object('city', 'City ' || pg_temp.pick_skewed(n, 58, 300), 'zip', lpad(pg_temp.pick(n, 59, 99999)::text, 5, '0')),
  placed_at,
  CASE WHEN status IN ('shipped', 'delivered', 'returned') THEN placed_at + interval '8 hours' + pg_temp.uniform(n, 60) * interval '5 days' END
FROM (
  SELECT
    n,
    CASE
      WHEN luck < 0.88 THEN 'delivered' WHEN luck < 0.94 THEN 'cancelled' WHEN luck < 0.97 THEN 'returned'
      WHEN luck < 0.985 THEN 'shipped' WHEN luck < 0.996 THEN 'paid' ELSE 'pending'
    END AS status,
    timestamptz '2024-07-01 00:00Z' + n * (interval '729 days' / pg_temp.row_count('orders')) + pg_temp.uniform(n, 61) * interval '20 hours' AS placed_at
  FROM (SELECT n, pg_temp.uniform(n, 51) AS luck FROM generate_series(1, pg_temp.row_count('orders')) AS n) AS drawn
) AS checkout;

SELECT setval('orders_id_seq', pg_temp.row_count('orders'));
