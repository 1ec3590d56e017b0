-- The nightly job's deletes; no vacuum follows (autovacuum is off for this table), so the dead rows stay.
DELETE FROM audit_log WHERE logged_at < '2026-03-01 00:00Z';
