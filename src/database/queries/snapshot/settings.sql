-- reset_val is what a new session gets: this transaction has set some for itself.
select s.name, coalesce(s.reset_val, '') as setting, s.unit, s.source
from pg_catalog.pg_settings s
order by s.name
