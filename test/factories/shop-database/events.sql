INSERT INTO events (id, customer_id, kind, path, payload, occurred_at)
SELECT
  n,
  CASE WHEN pg_temp.uniform(n, 90) < 0.55 THEN 1 + pg_temp.pick_skewed(n, 91, pg_temp.row_count('customers')) END,
  (ARRAY['page_view', 'page_view', 'search', 'add_to_cart', 'checkout', 'error'])[1 + pg_temp.pick_skewed(n, 92, 6)],
  '/products/' || pg_temp.pick_skewed(n, 93, pg_temp.row_count('products')),
  CASE
    WHEN pg_temp.uniform(n, 94) < 0.02 THEN
      jsonb_build_object('campaign', (ARRAY['spring', 'summer', 'autumn', 'winter'])[1 + pg_temp.pick_skewed(n, 95, 4)], 'ms', pg_temp.pick_skewed(n, 96, 3000))
    WHEN pg_temp.uniform(n, 94) < 0.75 THEN jsonb_build_object('ms', pg_temp.pick_skewed(n, 96, 3000))
  END,
  timestamptz '2025-07-01 00:00Z' + n * (interval '365 days' / (pg_temp.row_count('events') + 1))
FROM generate_series(1, pg_temp.row_count('events')) AS n;
