-- Roles belong to the server: another shop database may have made them already.
DO $$
BEGIN
  IF to_regrole('shop_app') IS NULL THEN CREATE ROLE shop_app; END IF;
  IF to_regrole('shop_readonly') IS NULL THEN CREATE ROLE shop_readonly; END IF;
END $$;
COMMENT ON ROLE shop_app IS 'The application: reads and writes, owns nothing.';
COMMENT ON ROLE shop_readonly IS 'Reads everything but audit_log.';

GRANT USAGE ON SCHEMA public, reporting TO shop_app, shop_readonly;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO shop_app;
GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO shop_app, shop_readonly;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO shop_readonly;
REVOKE SELECT ON audit_log FROM shop_readonly;
