CREATE FUNCTION order_total(order_id bigint) RETURNS numeric
  LANGUAGE sql STABLE
  AS $$
    SELECT sum(i.quantity * i.unit_price * (1 - coalesce(i.discount, 0)))
    FROM order_items i
    WHERE i.order_id = $1
  $$;
COMMENT ON FUNCTION order_total(bigint) IS 'Sum of an order''s items after discount.';

CREATE FUNCTION log_order_change() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
    BEGIN
      INSERT INTO audit_log (table_name, row_id, action, actor, before, after, logged_at)
      VALUES ('orders', new.id, tg_op, current_user,
        jsonb_build_object('status', old.status), jsonb_build_object('status', new.status), clock_timestamp());
      RETURN new;
    END
  $$;
CREATE TRIGGER orders_log_change AFTER UPDATE OF status ON orders
  FOR EACH ROW WHEN (old.status IS DISTINCT FROM new.status) EXECUTE FUNCTION log_order_change();

CREATE SCHEMA reporting;
COMMENT ON SCHEMA reporting IS 'What the dashboards read.';

CREATE VIEW reporting.customer_totals AS
SELECT c.id AS customer_id, c.name, c.country, count(o.id) AS order_count, coalesce(sum(o.total), 0) AS revenue
FROM customers c
LEFT JOIN orders o ON o.customer_id = c.id AND o.status <> 'cancelled'
GROUP BY c.id;
COMMENT ON VIEW reporting.customer_totals IS 'Orders and revenue of every customer, computed at each read.';

CREATE MATERIALIZED VIEW reporting.daily_sales AS
SELECT (placed_at AT TIME ZONE 'UTC')::date AS day, currency, count(*) AS order_count, sum(total) AS revenue
FROM orders
WHERE status <> 'cancelled'
GROUP BY 1, 2
ORDER BY 1, 2;
CREATE UNIQUE INDEX daily_sales_day_currency_idx ON reporting.daily_sales (day, currency);
COMMENT ON MATERIALIZED VIEW reporting.daily_sales IS 'Refreshed every night.';
