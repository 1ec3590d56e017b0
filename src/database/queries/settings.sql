-- $1: names. A name that is missing in the answer is unknown to this server, belongs to a library that is not loaded, or
-- is hidden from this role. reset_val is the session's own value: this transaction has set some for itself.
select s.name, s.reset_val as value, s.source
from pg_catalog.pg_settings s
where s.name = any ($1::pg_catalog.text[])
order by s.name
