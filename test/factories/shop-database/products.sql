INSERT INTO products (id, sku, name, description, category, price, attributes, labels, weight_kg, discontinued_at)
SELECT
  n,
  'SKU-' || lpad(n::text, 7, '0'),
  initcap(adjective || ' ' || material || ' ' || noun),
  'A ' || adjective || ' ' || noun || ' made of ' || material || ', '
    || (ARRAY['ready for every day', 'packed in recycled paper', 'tested in our workshop', 'signed by its maker',
      'with five years of warranty'])[1 + pg_temp.pick(n, 33, 5)] || '.',
  'category-' || lpad(pg_temp.pick_skewed(n, 34, 60)::text, 2, '0'),
  round((2 + pg_temp.skewed(n, 35) * 800)::numeric, 2),
  jsonb_build_object(
    'colour', (ARRAY['black', 'white', 'grey', 'blue', 'red', 'green', 'copper'])[1 + pg_temp.pick_skewed(n, 36, 7)],
    'size', (ARRAY['S', 'M', 'L', 'XL'])[1 + pg_temp.pick(n, 37, 4)],
    'supplier', jsonb_build_object('id', pg_temp.pick_skewed(n, 38, 400), 'country', 'DE')),
  CASE WHEN pg_temp.uniform(n, 39) < 0.3 THEN ARRAY['sale', 'week-' || pg_temp.pick(n, 40, 52)] END,
  CASE WHEN pg_temp.uniform(n, 41) < 0.8 THEN (pg_temp.pick(n, 42, 400) + 1) / 8.0 END,
  CASE WHEN pg_temp.uniform(n, 43) < 0.06 THEN timestamptz '2026-07-01 00:00Z' - pg_temp.pick(n, 44, 700) * interval '1 day' END
FROM (
  SELECT
    n,
    (ARRAY['small', 'large', 'light', 'sturdy', 'folding', 'round', 'slim', 'classic'])[1 + pg_temp.pick(n, 30, 8)] AS adjective,
    (ARRAY['oak', 'steel', 'cotton', 'glass', 'leather', 'bamboo', 'copper', 'linen'])[1 + pg_temp.pick(n, 31, 8)] AS material,
    (ARRAY['table', 'lamp', 'chair', 'bag', 'kettle', 'shelf', 'mirror', 'blanket', 'bowl', 'basket'])[1 + pg_temp.pick(n, 32, 10)] AS noun
  FROM generate_series(1, pg_temp.row_count('products')) AS n
) AS article;

SELECT setval('products_id_seq', pg_temp.row_count('products'));
