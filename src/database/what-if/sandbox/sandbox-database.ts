// One database of the sandbox: the captured objects without rows, with the source's statistics and lengths of files. One
// connection plans in it, so that nobody sees a file while it is being changed.
import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import * as z from 'zod';
import { isDatabaseFailure } from '../../../analysis/connection/connection-failure';
import { groupBy } from '../../../analysis/group-by';
import { estimateBtreeHeight } from '../../../analysis/index-advice/cost/btree-size';
import { quoteIdentifier } from '../../../analysis/sql/identifiers';
import { sandboxIndexesSql, sandboxIndexRows, type SandboxIndexRow } from '../../queries/what-if/sandbox';
import type { CapturedDatabase, CapturedLocale } from './captured-database';
import { isRefused } from './is-refused';
import { toEntryColumn } from './hypothetical-size';
import { loadRelationCounts, loadStatistics } from './load-statistics';
import { RelationFiles } from './relation-files';
import { findLocaleChoices, type LocaleChoice } from './sandbox-locale';
import type { SandboxServer } from './sandbox-server';
import { findSchemas, toSchemaItems, type SchemaItem } from './schema-items';

/** BLCKSZ of every build that is distributed. */
export const sandboxPageBytes = 8_192;

/** What only a superuser may do, and the planning role has to: valid or not is all that it changes. */
const prepareSql = [
  'CREATE SCHEMA "PG Insight"',
  `CREATE FUNCTION "PG Insight".switch_indexes(shown pg_catalog.oid[], hidden pg_catalog.oid[]) RETURNS pg_catalog.void
  LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE pg_catalog.pg_index SET indisvalid = indexrelid OPERATOR(pg_catalog.=) ANY (shown)
    WHERE indexrelid OPERATOR(pg_catalog.=) ANY (shown OPERATOR(pg_catalog.||) hidden)
      AND indexrelid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
  $$`,
  'GRANT USAGE ON SCHEMA "PG Insight" TO PUBLIC',
  ...['pg_ndistinct', 'pg_dependencies', 'pg_mcv_list'].map(
    (type) => `CREATE CAST (pg_catalog.bytea AS pg_catalog.${type}) WITHOUT FUNCTION`,
  ),
];

const fileRows = z.array(z.object({ schema: z.string(), name: z.string(), file: z.string().nullable() }));
const indexOidRows = z.array(z.object({ oid: z.coerce.number() }));
const settingRows = z.array(z.object({ name: z.string() }));

/** The server itself counts up from the bottom. */
const firstOwnFile = 2 ** 31;

let databaseCount = 0;

export class SandboxDatabase {
  readonly owner: Client;
  readonly planner: Client;
  readonly files: RelationFiles;
  readonly versionNumber: number;
  /** How the database differs from the source as a whole, in words; null when it does not. */
  readonly difference: string | null;
  /** Texts, although the source does not. */
  readonly sortsByBytes: boolean;
  readonly #server: SandboxServer;
  readonly #name: string;
  /** Key and text of what was made. */
  readonly #made = new Map<string, string>();
  readonly #failed = new Map<string, { item: SchemaItem; reason: string }>();
  readonly #missingStatistics = new Map<number, string>();
  readonly #missingExtensions: string[] = [];
  #statisticsHash = '';
  #fileCount = 0;
  #captured: CapturedDatabase;
  /** Lengths of tables' files, by their path. */
  readonly #heapBytes = new Map<string, number>();

  private constructor(
    server: SandboxServer,
    name: string,
    clients: { owner: Client; planner: Client },
    captured: CapturedDatabase,
    locale: LocaleChoice,
  ) {
    this.#server = server;
    this.#name = name;
    this.owner = clients.owner;
    this.planner = clients.planner;
    this.versionNumber = server.versionNumber;
    this.files = new RelationFiles(server, sandboxPageBytes);
    this.difference = locale.difference;
    this.sortsByBytes = locale.sortsByBytes;
    this.#captured = captured;
  }

  /** Made and loaded; rejects when the sandbox itself fails, not for objects that can't be made. */
  static async create(server: SandboxServer, captured: CapturedDatabase): Promise<SandboxDatabase> {
    const name = `what_if_${++databaseCount}`;
    const locale = await createDatabase(server, name, captured.locale);
    const owner = await server.connect('owner', name);
    const planner = await server.connect('planner', name);
    const database = new SandboxDatabase(server, name, { owner, planner }, captured, locale);
    try {
      await owner.query("SET client_min_messages = error; SET search_path = ''");
      await owner.query(prepareSql.join(';'));
      await planner.query("SET client_min_messages = error; SET check_function_bodies = off; SET search_path = ''");
      await database.load(captured);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  get captured(): CapturedDatabase {
    return this.#captured;
  }

  /** Changes with what is known of the relations. */
  get statisticsHash(): string {
    return this.#statisticsHash;
  }

  /** Adds what is new. False when what is there already has changed on the source: then another database has to be made. */
  async load(captured: CapturedDatabase): Promise<boolean> {
    const items = toSchemaItems(captured);
    const texts = new Map(items.map(({ key, steps }) => [key, steps.join(';')]));
    for (const [key, text] of this.#made) if (texts.get(key) !== text) return false;
    const fresh = items.filter(({ key }) => !this.#made.has(key) && !this.#failed.has(key));
    const hash = hashStatistics(captured);
    this.#captured = captured;
    if (fresh.length === 0 && hash === this.#statisticsHash) return true;
    if (fresh.length > 0) {
      await this.withEmptyTables(async () => {
        await this.#makeSchemas(captured);
        await this.#makeItems(fresh);
      });
    }
    this.#missingStatistics.clear();
    const missing = await loadStatistics(this, this.versionNumber, captured);
    for (const [relation, what] of missing) this.#missingStatistics.set(relation, what);
    await this.#sizeFiles();
    await this.#applySettings();
    this.#statisticsHash = hash;
    return true;
  }

  /** Of a relation on the source, what the sandbox lacks, in words; null when it is all there. */
  findMissingPart(relation: number): string | null {
    const failed = [...this.#failed.values()].find(({ item }) => item.relation === relation);
    if (failed !== undefined) return `${failed.item.description} can't be made (${failed.reason})`;
    return this.#missingStatistics.get(relation) ?? null;
  }

  /** For an error of planning: what it may come from. */
  describeFailures(): string {
    const failed = [...this.#failed.values()].slice(0, 3).map(({ item, reason }) => `${item.description}: ${reason}`);
    const extensions = this.#missingExtensions.map((name) => `extension ${name} is not installed there`);
    return [...extensions, ...failed].join('; ');
  }

  /** CREATE INDEX reads its table from end to end: meanwhile there is nothing to read. */
  async withEmptyTables<Result>(work: () => Promise<Result>, files?: readonly string[]): Promise<Result> {
    const affected = (files ?? [...this.#heapBytes.keys()]).map(
      (file) => [file, this.#heapBytes.get(file) ?? 0] as const,
    );
    for (const [file] of affected) await this.files.setLength(file, 0);
    try {
      return await work();
    } finally {
      for (const [file, bytes] of affected) await this.files.setLength(file, bytes);
    }
  }

  /** Before 18 CREATE INDEX counts the rows of its table; says again what the source has. */
  async restoreCounts(): Promise<void> {
    await loadRelationCounts(this.owner, this.versionNumber, this.#captured);
  }

  /**
   * A file with the old one's first page. The server may have pages of the old file in its buffers and would not see what is
   * written into it; of the new one it has none.
   */
  async giveNewFile(index: number, file: string): Promise<string> {
    const number = firstOwnFile + ++this.#fileCount;
    const renewed = `${file.slice(0, file.lastIndexOf('/') + 1)}${number}`;
    await this.files.copyFirstPage(file, renewed);
    await this.owner.query('UPDATE pg_catalog.pg_class SET relfilenode = $2 WHERE oid = $1', [index, number]);
    return renewed;
  }

  async captureIndexes(oids: readonly number[]): Promise<Map<number, SandboxIndexRow[]>> {
    const { rows } = await this.owner.query(sandboxIndexesSql, [oids]);
    return groupBy(sandboxIndexRows.parse(rows), ({ index }) => index);
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.planner.end(), this.owner.end()]);
    const client = await this.#server.connect('owner', 'postgres').catch((error: unknown) => {
      // the server has ended
      if (isDatabaseFailure(error)) return null;
      throw error;
    });
    if (client === null) return;
    try {
      await client.query(`DROP DATABASE ${quoteIdentifier(this.#name)} WITH (FORCE)`);
    } finally {
      await client.end();
    }
  }

  async #makeSchemas(captured: CapturedDatabase): Promise<void> {
    for (const schema of findSchemas(captured)) {
      await this.planner.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
    }
    for (const { name, schema } of captured.extensions) {
      try {
        await this.owner.query(
          `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} WITH SCHEMA ${quoteIdentifier(schema)} CASCADE`,
        );
      } catch (error) {
        if (!isRefused(error)) throw error;
        if (!this.#missingExtensions.includes(name)) this.#missingExtensions.push(name);
      }
    }
    // the planning role made none of what is in there
    for (const { schema } of captured.extensions) {
      await this.owner.query(`GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO PUBLIC`);
    }
  }

  /** All in one transaction; when that fails one by one, again for as long as another one succeeds. */
  async #makeItems(items: readonly SchemaItem[]): Promise<void> {
    await this.planner.query("SET search_path = ''");
    const note = ({ key, steps }: SchemaItem) => this.#made.set(key, steps.join(';'));
    try {
      await this.planner.query(`BEGIN;${items.flatMap(({ steps }) => steps).join(';\n')};COMMIT`);
      items.forEach(note);
      return;
    } catch (error) {
      if (!isRefused(error)) throw error;
      await this.planner.query('ROLLBACK');
    }
    let left = items.map((item) => ({ item, reason: '' }));
    for (let before = Infinity; left.length > 0 && left.length < before;) {
      before = left.length;
      const failed: typeof left = [];
      for (const { item } of left) {
        try {
          await this.planner.query(`BEGIN;${item.steps.join(';\n')};COMMIT`);
          note(item);
        } catch (error) {
          if (!isRefused(error)) throw error;
          await this.planner.query('ROLLBACK');
          failed.push({ item, reason: error.message });
        }
      }
      left = failed;
    }
    for (const each of left) this.#failed.set(each.item.key, each);
  }

  async #sizeFiles(): Promise<void> {
    const { rows } = await this.owner.query(
      `SELECT n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name, pg_catalog.pg_relation_filepath(c.oid) AS file
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid >= 16384 AND c.relkind IN ('r', 'i')`,
    );
    const files = new Map(fileRows.parse(rows).map(({ schema, name, file }) => [`${schema}.${name}`, file]));
    this.#heapBytes.clear();
    for (const { schema, name, size_bytes } of this.#captured.relations) {
      const file = files.get(`${schema}.${name}`);
      if (size_bytes === null || file === undefined || file === null) continue;
      this.#heapBytes.set(file, size_bytes);
      await this.files.setLength(file, size_bytes);
    }
    await this.#sizeIndexes(files);
  }

  async #sizeIndexes(files: ReadonlyMap<string, string | null>): Promise<void> {
    const { rows } = await this.owner.query(
      "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind = 'i' ORDER BY c.oid",
    );
    const shapes = await this.captureIndexes(indexOidRows.parse(rows).map(({ oid }) => oid));
    const shapeOf = new Map([...shapes.values()].map((columns) => [columns[0]?.file ?? '', columns]));
    for (const index of this.#captured.indexes) {
      const { schema, name, size_bytes, method } = index;
      const file = files.get(`${schema}.${name}`);
      if (size_bytes === null || file === undefined || file === null) continue;
      const pages = Math.ceil(size_bytes / sandboxPageBytes);
      if (method !== 'btree') {
        await this.files.setLength(file, size_bytes);
        continue;
      }
      const keys = (shapeOf.get(file) ?? []).filter((column) => column.is_key).map(toEntryColumn);
      const ends = this.#captured.ends.get(index.oid);
      const height = estimateBtreeHeight(pages, keys, sandboxPageBytes);
      await this.files.writeBtree(
        await this.giveNewFile(shapeOf.get(file)?.[0]?.index ?? 0, file),
        pages,
        height,
        ends === undefined ? null : { ...ends, isDescending: index.is_descending, columnCount: index.column_count },
      );
      const heap = shapeOf.get(file)?.[0]?.relation_file ?? null;
      if (ends !== undefined && heap !== null) await this.files.markFirstPageVisible(heap);
    }
  }

  async #applySettings(): Promise<void> {
    const { settings, searchPath } = this.#captured;
    const { rows } = await this.planner.query("SELECT name FROM pg_catalog.pg_settings WHERE context = 'user'");
    const known = new Set(settingRows.parse(rows).map(({ name }) => name));
    for (const { name, setting } of settings) {
      if (known.has(name)) await this.planner.query('SELECT pg_catalog.set_config($1, $2, false)', [name, setting]);
    }
    const path = searchPath.map(quoteIdentifier).join(', ');
    await this.planner.query("SELECT pg_catalog.set_config('search_path', $1, false)", [path]);
    await this.planner.query('SET plan_cache_mode = force_generic_plan');
  }
}

async function createDatabase(server: SandboxServer, name: string, locale: CapturedLocale): Promise<LocaleChoice> {
  const client = await server.connect('owner', 'postgres');
  try {
    const choices = findLocaleChoices(locale, server.versionNumber);
    let refused: unknown;
    for (const choice of choices) {
      try {
        await client.query(
          `CREATE DATABASE ${quoteIdentifier(name)} OWNER planner TEMPLATE template0 ${choice.options}`,
        );
        return choice;
      } catch (error) {
        if (!isRefused(error)) throw error;
        refused = error;
      }
    }
    throw refused;
  } finally {
    await client.end();
  }
}

function hashStatistics({
  relations,
  indexes,
  statistics,
  extendedStatistics,
  settings,
  searchPath,
}: CapturedDatabase) {
  const text = JSON.stringify([relations, indexes, statistics, extendedStatistics, settings, searchPath]);
  return createHash('sha256').update(text).digest('hex');
}
