ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id, occurred_at);
CREATE INDEX events_occurred_at_idx ON events USING brin (occurred_at);
-- missing on purpose: events (customer_id), an index for payload
