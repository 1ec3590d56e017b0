// The reviewed half of the list of harmless functions (harmless-functions.json). PostgreSQL's own IMMUTABLE and STABLE
// functions read and compute; the exceptions among them, and the VOLATILE ones that only read, were gone through by hand
// for majors 13 to 18. A database test fails when a server has a function that nobody has reviewed.

/** VOLATILE because their answer changes, not because they change something. */
export const harmlessVolatileFunctions: readonly string[] = [
  // time, chance, identifiers
  ...['clock_timestamp', 'timeofday', 'timezone', 'random', 'random_normal', 'array_sample', 'array_shuffle'],
  ...['gen_random_uuid', 'uuidv4', 'uuidv7'],
  // sizes, partitions, transactions
  ...['pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size', 'pg_database_size'],
  ...['pg_tablespace_size', 'pg_partition_tree', 'pg_partition_ancestors', 'pg_xact_status', 'txid_status'],
  ...['pg_xact_commit_timestamp', 'pg_xact_commit_timestamp_origin', 'pg_last_committed_xact', 'pg_prepared_xact'],
  ...['pg_get_multixact_members', 'pg_sequence_last_value', 'current_query'],
  // what the server's own views show
  ...['pg_lock_status', 'pg_blocking_pids', 'pg_safe_snapshot_blocking_pids', 'pg_jit_available', 'pg_get_wait_events'],
  ...['pg_stat_get_io', 'pg_stat_get_backend_io', 'pg_stat_get_backend_wal', 'pg_stat_get_recovery_prefetch'],
  ...['pg_stat_have_stats', 'pg_stat_get_xact_blocks_fetched', 'pg_stat_get_xact_blocks_hit'],
  ...['pg_stat_get_xact_function_calls', 'pg_stat_get_xact_function_self_time', 'pg_stat_get_xact_function_total_time'],
  ...['pg_stat_get_xact_numscans', 'pg_stat_get_xact_tuples_deleted', 'pg_stat_get_xact_tuples_fetched'],
  ...['pg_stat_get_xact_tuples_hot_updated', 'pg_stat_get_xact_tuples_inserted', 'pg_stat_get_xact_tuples_returned'],
  ...['pg_stat_get_xact_tuples_updated', 'pg_stat_get_xact_tuples_newpage_updated', 'pg_notification_queue_usage'],
  ...['pg_show_replication_origin_status', 'pg_replication_origin_progress', 'pg_get_shmem_allocations'],
  ...['pg_get_backend_memory_contexts', 'pg_collation_actual_version', 'pg_database_collation_actual_version'],
  // where WAL and recovery stand
  ...['pg_is_in_recovery', 'pg_is_in_backup', 'pg_is_wal_replay_paused', 'pg_get_wal_replay_pause_state'],
  ...['pg_current_wal_lsn', 'pg_current_wal_insert_lsn', 'pg_current_wal_flush_lsn', 'pg_last_wal_receive_lsn'],
  ...['pg_last_wal_replay_lsn', 'pg_last_xact_replay_timestamp', 'pg_control_checkpoint', 'pg_control_init'],
  ...['pg_control_recovery', 'pg_control_system'],
];

/** Marked IMMUTABLE or STABLE, and yet more than reading; each with what it does. */
export const harmfulStableFunctions: Readonly<Record<string, string>> = {
  txid_current: 'takes a transaction id',
  pg_current_xact_id: 'takes a transaction id',
  table_to_xml: 'reads a table named in a text',
  table_to_xmlschema: 'reads a table named in a text',
  table_to_xml_and_xmlschema: 'reads a table named in a text',
  schema_to_xml: 'reads all tables of a schema, views and their functions too',
  schema_to_xmlschema: 'reads all tables of a schema, views and their functions too',
  schema_to_xml_and_xmlschema: 'reads all tables of a schema, views and their functions too',
  database_to_xml: 'reads all tables of the database, views and their functions too',
  database_to_xmlschema: 'reads all tables of the database, views and their functions too',
  database_to_xml_and_xmlschema: 'reads all tables of the database, views and their functions too',
  ts_rewrite: 'runs SQL given as a text',
  satisfies_hash_partition: "calls the hash functions of a table's operator classes",
  pg_input_is_valid: 'reads a value as any type, which may run the functions of a domain',
  pg_input_error_info: 'reads a value as any type, which may run the functions of a domain',
  fmgr_c_validator: 'loads a library',
  fmgr_internal_validator: 'checks a function of any name',
  fmgr_sql_validator: 'checks a function of any name',
};

/** What well-known VOLATILE functions do, for messages; the others "may do anything". */
export const harmfulVolatileFunctions: Readonly<Record<string, string>> = {
  set_config: 'changes a setting',
  setseed: 'changes the state of random()',
  nextval: 'advances a sequence, which a rollback does not undo',
  setval: 'sets a sequence, which a rollback does not undo',
  pg_notify: 'notifies other sessions',
  pg_terminate_backend: 'ends another session',
  pg_cancel_backend: "cancels another session's statement",
  pg_sleep: 'waits while it holds its snapshot',
  pg_sleep_for: 'waits while it holds its snapshot',
  pg_sleep_until: 'waits while it holds its snapshot',
  query_to_xml: 'runs SQL given as a text',
  query_to_xmlschema: 'runs SQL given as a text',
  query_to_xml_and_xmlschema: 'runs SQL given as a text',
  ts_stat: 'runs SQL given as a text',
  pg_reload_conf: 'makes the server read its configuration files again',
  pg_rotate_logfile: "switches the server's log file",
  pg_switch_wal: 'switches the WAL file',
  pg_promote: 'promotes a standby',
};
