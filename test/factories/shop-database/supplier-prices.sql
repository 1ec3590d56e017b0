-- Run twice: the import of May, with two fifths of the rows, into the empty table, and later that of June.
INSERT INTO supplier_prices (supplier, sku, price, imported_on)
SELECT
  'Supplier ' || pg_temp.pick_skewed(n, 120, 60),
  'SKU-' || lpad((1 + pg_temp.pick(n, 121, pg_temp.row_count('products')))::text, 7, '0'),
  1 + pg_temp.pick_skewed(n, 122, 60000) / 100.0,
  CASE WHEN n % 5 < 2 THEN date '2026-05-01' ELSE date '2026-06-01' END
FROM generate_series(1, pg_temp.row_count('supplier_prices')) AS n
WHERE (n % 5 < 2) = NOT EXISTS (SELECT FROM supplier_prices);
