import assert from 'node:assert/strict';
import { findDoctorChecks, findStatementStatisticsGap, type MachineFacts } from '../../src/analysis/doctor';
import type { ServerFacts } from '../../src/analysis/server/server-facts';

const facts: ServerFacts = {
  versionNumber: 160004,
  version: '16.4',
  database: 'shop',
  role: 'app',
  isSuperuser: true,
  predefinedRoles: [],
  inRecovery: false,
  blockSizeBytes: 8192,
  extensions: [{ name: 'pg_stat_statements', version: '1.10', schema: 'public' }],
  availableExtensions: ['pg_stat_statements'],
  settings: { 'pg_stat_statements.track': 'top', track_counts: 'on' },
  narrowSettings: {},
  pooler: 'none',
  tls: null,
  canReadStatementStatistics: true,
  lackingStatementRights: [],
  unreadableTables: [],
  unownedTables: [],
};
const machine: MachineFacts = {
  host: 'localhost',
  sqlParser: 'libpg-query',
  sqlParserReason: null,
  sandbox: { isThere: true, version: '18.4', folder: '/opt/postgres/bin' },
};

function check(id: string, changedFacts: Partial<ServerFacts>, changedMachine: Partial<MachineFacts> = {}) {
  const found = findDoctorChecks({ ...facts, ...changedFacts }, { ...machine, ...changedMachine }).find(
    (each) => each.id === id,
  );
  assert.ok(found, id);
  return found;
}

describe('findDoctorChecks', () => {
  it('judges the version', () => {
    assert.equal(check('server-version', {}).status, 'fine');
    assert.equal(check('server-version', { versionNumber: 120022, version: '12.22' }).status, 'not-possible');
    const newer = check('server-version', { versionNumber: 190000, version: '19.0' });
    assert.equal(newer.status, 'fine');
    assert.match(newer.message, /newer than 18/);
  });

  it('mends a setting where it is set', () => {
    const settings = { ...facts.settings, 'pg_stat_statements.track': 'none' };
    for (const [source, place] of [
      ['database', 'DATABASE "shop"'],
      ['user', 'ROLE "app"'],
      ['database user', 'ROLE "app" IN DATABASE "shop"'],
      ['global', 'ROLE ALL'],
    ] as const) {
      const changed = { settings, narrowSettings: { 'pg_stat_statements.track': source } };
      const { message, remedy } = check('pg-stat-statements', changed);
      assert.match(message, new RegExp(`is none for ${place}:`));
      assert.equal(remedy?.sql, `ALTER ${place} RESET pg_stat_statements.track;`);
      assert.equal(remedy.undoSql, `ALTER ${place} SET pg_stat_statements.track = 'none';`);
      assert.equal(
        findStatementStatisticsGap({ ...facts, ...changed })?.nextStep,
        `Run ALTER ${place} RESET pg_stat_statements.track, then connect again.`,
      );
    }
    assert.match(check('pg-stat-statements', { settings }).remedy?.sql ?? '', /^ALTER SYSTEM SET /);
  });

  it('takes back the rights on pg_stat_statements that it grants, and no others', () => {
    for (const [lacking, rights] of [
      [['USAGE'], ['USAGE ON SCHEMA "public"']],
      [['SELECT'], ['SELECT ON "public".pg_stat_statements']],
      [
        ['USAGE', 'SELECT'],
        ['USAGE ON SCHEMA "public"', 'SELECT ON "public".pg_stat_statements'],
      ],
    ] as const) {
      const { remedy } = check('pg-stat-statements', {
        canReadStatementStatistics: false,
        lackingStatementRights: [...lacking],
      });
      assert.equal(remedy?.sql, rights.map((right) => `GRANT ${right} TO "app";`).join('\n'));
      assert.deepEqual(
        remedy.undoSql?.split('\n').toSorted(),
        rights.map((right) => `REVOKE ${right} FROM "app";`).toSorted(),
      );
    }
  });

  it('asks for TLS only when the connection leaves the machine', () => {
    for (const host of ['localhost', '127.0.0.1', '::1', '/var/run/postgresql']) {
      assert.equal(check('tls', {}, { host }).status, 'fine', host);
    }
    assert.equal(check('tls', {}, { host: 'db.example.org' }).status, 'missing');
    const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' };
    assert.equal(check('tls', { tls }, { host: 'db.example.org' }).status, 'fine');
  });

  it('says what a pooler, a standby and the fallback parser cost', () => {
    assert.equal(check('pooler', { pooler: 'pgbouncer' }).status, 'not-possible');
    assert.match(check('standby', { inRecovery: true }).cost ?? '', /primary/);
    const parser = check('sql-parser', {}, { sqlParser: 'node-sql-parser', sqlParserReason: 'No WASM here.' });
    assert.equal(parser.status, 'missing');
    assert.equal(parser.message, 'No WASM here.');
  });

  it('says what advice is planned in, and what to do when there is nothing', () => {
    assert.match(
      check('what-if-sandbox', { versionNumber: 150018 }).message,
      /PostgreSQL 18\.4 \(.*\); the server is PostgreSQL 15/,
    );
    assert.doesNotMatch(check('what-if-sandbox', { versionNumber: 180004 }).message, /the server is/);
    const sandbox = { isThere: false, message: 'No PostgreSQL was found.', nextStep: 'Install one.' } as const;
    const missing = check('what-if-sandbox', {}, { sandbox });
    assert.equal(missing.status, 'missing');
    assert.equal(missing.message, 'No PostgreSQL was found. Install one.');
  });

  it('tells a server without contrib from one that has not loaded the library', () => {
    const settings = { shared_preload_libraries: '' };
    assert.equal(
      check('pg-stat-statements', { settings, extensions: [], availableExtensions: [] }).status,
      'not-possible',
    );
    assert.equal(check('pg-stat-statements', { settings, extensions: [] }).status, 'missing');
  });

  it('has a way out for a role that may not see which libraries are loaded', () => {
    const hidden = { settings: {}, isSuperuser: false, role: 'app' };
    const explain = check('auto-explain', hidden);
    assert.equal(explain.status, 'missing');
    assert.equal(explain.remedy?.sql, 'GRANT pg_read_all_settings TO "app";');
    assert.match(explain.remedy.risk, /'auto_explain' to session_preload_libraries .*log_min_duration to '1s'/);
    const statements = check('pg-stat-statements', hidden);
    assert.equal(statements.remedy?.sql, 'GRANT pg_read_all_settings TO "app";');
    assert.match(findStatementStatisticsGap({ ...facts, ...hidden })?.nextStep ?? '', /^Have an administrator add /);
  });

  it('puts no full stop behind the semicolon of a statement', () => {
    const at = (changed: Partial<ServerFacts>) => findStatementStatisticsGap({ ...facts, ...changed })?.nextStep;
    assert.equal(at({ extensions: [] }), 'Run CREATE EXTENSION pg_stat_statements.');
    assert.equal(
      at({ extensions: [{ name: 'pg_stat_statements', version: '1.7', schema: 'public' }] }),
      'Run ALTER EXTENSION pg_stat_statements UPDATE.',
    );
    assert.equal(
      at({ extensions: [], settings: { shared_preload_libraries: '' } }),
      `Run ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', then restart the server, then run CREATE EXTENSION pg_stat_statements in database "shop".`,
    );
  });

  it('keeps the libraries that are loaded already', () => {
    const settings = { shared_preload_libraries: 'pg_cron, timescaledb' };
    const sql = check('pg-stat-statements', { settings }).remedy?.sql;
    assert.equal(sql, `ALTER SYSTEM SET shared_preload_libraries = 'pg_cron', 'timescaledb', 'pg_stat_statements';`);
  });
});
