INSERT INTO customers (id, email, name, country, status, tags, preferences, credit_limit, referred_by, created_at, last_seen_at)
SELECT
  n,
  -- one in eight typed capitals
  CASE WHEN n % 8 = 0 THEN initcap(first_name) ELSE first_name END || '.' || lower(last_name) || n || '@' || domain,
  initcap(first_name) || ' ' || last_name,
  (ARRAY['DE', 'FR', 'US', 'GB', 'NL', 'ES', 'PL', 'IT', 'BR', 'JP', 'SE', 'PT'])[1 + pg_temp.pick_skewed(n, 14, 12)],
  (CASE
    WHEN mood < 0.72 THEN 'active' WHEN mood < 0.90 THEN 'dormant' WHEN mood < 0.995 THEN 'trial' ELSE 'blocked'
  END)::customer_status,
  CASE pg_temp.pick_skewed(n, 15, 4)
    WHEN 0 THEN '{}'::text[]
    WHEN 1 THEN ARRAY['newsletter']
    WHEN 2 THEN ARRAY['newsletter', 'segment-' || pg_temp.pick_skewed(n, 16, 40)]
    ELSE ARRAY['wholesale', 'segment-' || pg_temp.pick_skewed(n, 16, 40), 'invoice']
  END,
  jsonb_build_object('language', (ARRAY['en', 'de', 'fr', 'es'])[1 + pg_temp.pick_skewed(n, 17, 4)], 'newsletter', n % 3 = 0),
  CASE WHEN pg_temp.uniform(n, 18) < 0.12 THEN 500 * (1 + pg_temp.pick_skewed(n, 19, 40)) END,
  CASE WHEN n > 100 AND pg_temp.uniform(n, 20) < 0.08 THEN 1 + pg_temp.pick(n, 21, n - 1) END,
  timestamptz '2021-01-01 00:00Z' + n * (interval '2000 days' / pg_temp.row_count('customers')),
  CASE WHEN mood < 0.90 THEN timestamptz '2026-07-01 00:00Z' - pg_temp.skewed(n, 22) * interval '400 days' END
FROM (
  SELECT
    n,
    (ARRAY['anna', 'ben', 'carla', 'david', 'elena', 'felix', 'greta', 'hugo', 'ines', 'jonas', 'karin', 'leo', 'maria',
      'nils', 'olga', 'paul', 'rosa', 'simon', 'tina', 'yusuf'])[1 + pg_temp.pick(n, 10, 20)] AS first_name,
    (ARRAY['Bauer', 'Costa', 'Dubois', 'Evans', 'Fischer', 'Garcia', 'Hansen', 'Ito', 'Jansen', 'Kowalski', 'Lopez',
      'Martin', 'Novak', 'Olsen', 'Petit', 'Rossi', 'Silva', 'Tanaka', 'Weber', 'Young'])[1 + pg_temp.pick(n, 11, 20)] AS last_name,
    (ARRAY['mail.example', 'post.example', 'web.example', 'corp-' || pg_temp.pick(n, 23, 300) || '.example']
    )[1 + pg_temp.pick_skewed(n, 12, 4)] AS domain,
    pg_temp.uniform(n, 13) AS mood
  FROM generate_series(1, pg_temp.row_count('customers')) AS n
) AS person;

SELECT setval('customers_id_seq', pg_temp.row_count('customers'));
