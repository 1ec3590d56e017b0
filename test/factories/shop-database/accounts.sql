INSERT INTO "UserAccount" ("id", "customerId", "displayName", "role", "isActive", "createdAt", "updatedAt")
SELECT
  'usr_' || md5('account ' || n),
  CASE WHEN n % 50 <> 0 THEN n END,
  'User ' || n,
  (CASE WHEN n % 2000 = 0 THEN 'ADMIN' WHEN n % 50 = 0 THEN 'SUPPORT' ELSE 'USER' END)::"UserRole",
  pg_temp.uniform(n, 110) < 0.94,
  created_at,
  created_at + pg_temp.skewed(n, 111) * (timestamp '2026-07-01' - created_at)
FROM (
  SELECT n, timestamp '2022-01-01' + n * (interval '1600 days' / pg_temp.row_count('accounts')) AS created_at
  FROM generate_series(1, pg_temp.row_count('accounts')) AS n
) AS account;

INSERT INTO "userSessions" ("id", "userId", "ipAddress", "userAgent", "deviceInfo", "createdAt", "expiresAt", "revokedAt")
SELECT
  'ses_' || md5('session ' || n),
  'usr_' || md5('account ' || 1 + pg_temp.pick_skewed(n, 112, pg_temp.row_count('accounts'))),
  inet '10.0.0.0' + pg_temp.pick(n, 113, 60000),
  (ARRAY['Firefox 140 on Linux', 'Chrome 138 on Windows', 'Safari 19 on macOS', NULL])[1 + pg_temp.pick_skewed(n, 114, 4)],
  CASE WHEN n % 4 = 0 THEN jsonb_build_object('model', 'phone-' || pg_temp.pick(n, 115, 40), 'os', 'Android') END,
  created_at,
  created_at + interval '14 days',
  CASE WHEN pg_temp.uniform(n, 116) < 0.2 THEN created_at + pg_temp.uniform(n, 117) * interval '14 days' END
FROM (
  SELECT n, timestamp '2025-07-01' + n * (interval '364 days' / pg_temp.row_count('sessions')) AS created_at
  FROM generate_series(1, pg_temp.row_count('sessions')) AS n
) AS session;

ALTER TABLE "UserAccount" ADD CONSTRAINT "UserAccount_pkey" PRIMARY KEY ("id");
ALTER TABLE "userSessions" ADD CONSTRAINT "userSessions_pkey" PRIMARY KEY ("id");
CREATE UNIQUE INDEX "UserAccount_customerId_key" ON "UserAccount" ("customerId");
