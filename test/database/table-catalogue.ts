// What the catalogue says about all tables of user schemas, without what differs between two databases by nature (OIDs,
// sizes, statistics). Two databases with equal dumps have equal tables.
import type { Client } from 'pg';

const userSchema = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
const tableName = `format('%I.%I', n.nspname, c.relname) AS "table"`;
const fromTables = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
const ownerOf = (owner: string) => `pg_get_userbyid(${owner}) AS owner`;
/** What is granted, whatever the order; an owner's usual privileges and none written down are the same. */
const privilegesOf = (acl: string, defaultAcl: string) => `ARRAY(
  SELECT concat_ws(' ', pg_get_userbyid(grantor), CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
    privilege_type, is_grantable)
  FROM aclexplode(coalesce(${acl}, ${defaultAcl})) ORDER BY 1) AS privileges`;
const isTable = `c.relkind IN ('r', 'p', 'm', 'f') AND ${userSchema}`;

export async function dumpTableCatalogue(client: Client): Promise<Record<string, unknown[]>> {
  await client.query(`SET search_path = ''`);
  const { rows: version } = await client.query<{ number: number }>(
    `SELECT current_setting('server_version_num')::int AS number`,
  );
  const compression = (version[0]?.number ?? 0) >= 140000 ? 'a.attcompression' : `''`;
  const queries: Record<string, string> = {
    tables: `
      SELECT ${tableName}, c.relkind, c.relpersistence, c.relispartition, c.reloptions, c.relreplident, c.relispopulated,
        t.reloptions AS toast_options, pg_get_partkeydef(c.oid) AS partition_key, pg_get_expr(c.relpartbound, c.oid) AS bound,
        ${ownerOf('c.relowner')}, ${privilegesOf('c.relacl', `acldefault('r', c.relowner)`)}, c.reloftype::regtype::text AS of_type,
        c.relrowsecurity, c.relforcerowsecurity, (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) AS tablespace,
        obj_description(c.oid, 'pg_class') AS comment, CASE WHEN c.relkind = 'm' THEN pg_get_viewdef(c.oid) END AS query,
        ARRAY(SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid ORDER BY inhseqno) AS parents
      ${fromTables} LEFT JOIN pg_class t ON t.oid = c.reltoastrelid WHERE ${isTable} ORDER BY 1`,
    columns: `
      SELECT ${tableName}, a.attname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum) AS position,
        format_type(a.atttypid, a.atttypmod) AS type, a.attislocal, a.attinhcount, ${privilegesOf('a.attacl', 'NULL')}, a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
        ${compression} AS compression, a.attstattarget, a.attoptions, a.attcollation::regcollation::text AS collation,
        pg_get_expr(d.adbin, d.adrelid) AS expression, col_description(c.oid, a.attnum) AS comment
      ${fromTables} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE ${isTable} ORDER BY 1, 3`,
    // an inherited NOT NULL of 18 may have another name in a partition; what it says is compared as attnotnull
    constraints: `
      SELECT ${tableName}, k.conname, k.contype, pg_get_constraintdef(k.oid) AS definition, k.convalidated, k.conislocal, k.coninhcount,
        k.contype IN ('c', 'n') AND k.connoinherit AS no_inherit,
        obj_description(k.oid, 'pg_constraint') AS comment
      ${fromTables} JOIN pg_constraint k ON k.conrelid = c.oid
      WHERE ${isTable} AND NOT (k.contype = 'n' AND k.coninhcount > 0) ORDER BY 1, 2`,
    // what a failed CREATE INDEX CONCURRENTLY left is not copied
    indexes: `
      SELECT ${tableName}, x.relname, pg_get_indexdef(i.indexrelid) AS definition, x.reloptions, i.indisprimary, i.indisunique,
        i.indisvalid, i.indisreplident, i.indisclustered,
        (SELECT spcname FROM pg_tablespace WHERE oid = x.reltablespace) AS tablespace,
        ARRAY(SELECT attstattarget FROM pg_attribute WHERE attrelid = x.oid ORDER BY attnum) AS statistics_targets, obj_description(i.indexrelid, 'pg_class') AS comment,
        (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = i.indexrelid) AS parent
      ${fromTables} JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
      WHERE ${isTable} AND (i.indisvalid OR x.relkind = 'I') ORDER BY 1, 2`,
    sequences: `
      SELECT ${tableName}, d.refobjsubid > 0 AS owned, s.seqrelid::regclass::text AS sequence, d.deptype, format_type(s.seqtypid, NULL) AS type,
        s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, r.relpersistence, ${ownerOf('r.relowner')},
        ${privilegesOf('r.relacl', `acldefault('s', r.relowner)`)}, obj_description(r.oid, 'pg_class') AS comment
      ${fromTables} JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype IN ('a', 'i')
      JOIN pg_sequence s ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
      JOIN pg_class r ON r.oid = s.seqrelid WHERE ${isTable} ORDER BY 1, 3`,
    'extended statistics': `
      SELECT ${tableName}, pg_get_statisticsobjdef(e.oid) AS definition, e.stxstattarget, ${ownerOf('e.stxowner')},
        obj_description(e.oid, 'pg_statistic_ext') AS comment
      ${fromTables} JOIN pg_statistic_ext e ON e.stxrelid = c.oid WHERE ${isTable} ORDER BY 1, 2`,
    // foreign keys and deferrable keys work by triggers of their own, with numbers in their names
    triggers: `
      SELECT ${tableName}, t.tgname, pg_get_triggerdef(t.oid) AS definition, t.tgenabled, t.tgparentid <> 0 AS is_copy,
        obj_description(t.oid, 'pg_trigger') AS comment
      ${fromTables} JOIN pg_trigger t ON t.tgrelid = c.oid
      WHERE ${isTable} AND t.tgname !~ '_ConstraintTrigger_' ORDER BY 1, 2`,
    rules: `
      SELECT ${tableName}, r.rulename, pg_get_ruledef(r.oid) AS definition, r.ev_enabled, obj_description(r.oid, 'pg_rewrite') AS comment
      ${fromTables} JOIN pg_rewrite r ON r.ev_class = c.oid WHERE ${isTable} ORDER BY 1, 2`,
    policies: `
      SELECT ${tableName}, p.polname, p.polpermissive, p.polcmd, p.polroles::regrole[]::text[] AS roles,
        pg_get_expr(p.polqual, p.polrelid) AS using_expression, pg_get_expr(p.polwithcheck, p.polrelid) AS check_expression,
        obj_description(p.oid, 'pg_policy') AS comment
      ${fromTables} JOIN pg_policy p ON p.polrelid = c.oid WHERE ${isTable} ORDER BY 1, 2`,
  };
  const dump: Record<string, unknown[]> = {};
  for (const [part, text] of Object.entries(queries)) dump[part] = (await client.query(text)).rows as unknown[];
  await client.query('RESET search_path');
  return dump;
}
