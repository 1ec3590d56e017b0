-- every 200th review is about a product that no longer exists
INSERT INTO reviews (id, product_id, customer_id, rating, body, created_at)
SELECT
  n,
  CASE WHEN n % 200 = 0 THEN pg_temp.row_count('products') + n ELSE 1 + pg_temp.pick_skewed(n, 80, pg_temp.row_count('products')) END,
  CASE WHEN pg_temp.uniform(n, 81) < 0.85 THEN 1 + pg_temp.pick(n, 82, pg_temp.row_count('customers')) END,
  5 - pg_temp.pick_skewed(n, 83, 5),
  CASE WHEN pg_temp.uniform(n, 84) < 0.4 THEN
    (ARRAY['Just right.', 'Came late, but I like it.', 'Smaller than in the picture.', 'Broke after a week.', 'A gift, very welcome.']
    )[1 + pg_temp.pick(n, 85, 5)] END,
  timestamptz '2026-07-01 00:00Z' - pg_temp.uniform(n, 86) * interval '900 days'
FROM generate_series(1, pg_temp.row_count('reviews')) AS n;

SELECT setval('reviews_id_seq', pg_temp.row_count('reviews'));
