-- the newest id is 95 % of what an int4 sequence can give
INSERT INTO audit_log (id, table_name, row_id, action, actor, before, after, logged_at)
SELECT
  2040109465 - pg_temp.row_count('audit_log') + n,
  (ARRAY['orders', 'orders', 'customers', 'products'])[1 + pg_temp.pick_skewed(n, 100, 4)],
  1 + pg_temp.pick(n, 101, pg_temp.row_count('orders')),
  (ARRAY['UPDATE', 'INSERT', 'DELETE'])[1 + pg_temp.pick_skewed(n, 102, 3)],
  (ARRAY['shop_app', 'worker', 'support-' || pg_temp.pick(n, 103, 12)])[1 + pg_temp.pick_skewed(n, 104, 3)],
  CASE WHEN n % 3 <> 0 THEN jsonb_build_object('status', 'paid') END,
  jsonb_build_object('status', 'shipped', 'attempt', pg_temp.pick_skewed(n, 105, 4)),
  timestamptz '2026-01-01 00:00Z' + n * (interval '181 days' / pg_temp.row_count('audit_log'))
FROM generate_series(1, pg_temp.row_count('audit_log')) AS n;

SELECT setval('audit_log_id_seq', 2040109465);
ALTER TABLE audit_log ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);
CREATE INDEX audit_log_table_name_row_id_idx ON audit_log (table_name, row_id);
