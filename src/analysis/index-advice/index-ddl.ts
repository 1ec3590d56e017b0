// What an advised index is called, as PostgreSQL itself would choose, and the statements that make it and take it back, for
// a person or a migration tool to run. They are those that PG Insight would run itself.
import {
  findAttached,
  findBuildSteps,
  toDropStep,
  toIndexClause,
  toNameKey,
  type IndexedTable,
} from '../index-build/index-steps';
import { toWholeDefinition } from '../indexes/index-shape';
import type { AdviceTable } from './index-advice-facts';
import { parseIndexKey } from './proposals/index-key';
import type { HypotheticalIndex } from './what-if-planner';

/** NAMEDATALEN - 1: the server would cut the rest off. */
const maximumNameBytes = 63;

export interface IndexScript {
  name: string;
  /** In order, without semicolons; outside a transaction block. */
  steps: readonly string[];
  /** Takes the finished index back: a statement, or several with "; " between them. */
  undo: string;
}

/** Relation names that are in use, by schema. */
export class TakenNames {
  readonly #keys: Set<string>;

  constructor(names: Iterable<{ schema: string; name: string }>) {
    this.#keys = new Set([...names].map(toNameKey));
  }

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /** "orders_customer_id_status_idx", with a number where that is taken; takes it. */
  take(schema: string, table: string, columns: readonly string[]): string {
    for (let number = 0; ; number++) {
      const name = makeIndexName(table, columns.join('_'), number === 0 ? '_idx' : `_idx${number}`);
      const key = toNameKey({ schema, name });
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      return name;
    }
  }
}

/** In UTF-8. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** As makeObjectName() of the server: the longer part is cut first, and no character in two. */
function makeIndexName(table: string, columns: string, ending: string): string {
  const room = maximumNameBytes - ending.length - 1;
  const parts = [Array.from(table), Array.from(columns)] as const;
  const length = (part: readonly string[]) => byteLength(part.join(''));
  while (length(parts[0]) + length(parts[1]) > room) {
    parts[length(parts[0]) > length(parts[1]) ? 0 : 1].pop();
  }
  return `${parts[0].join('')}_${parts[1].join('')}${ending}`;
}

/** What the index is called after: an expression has no name of its own. */
function toNameParts({ keys, included }: HypotheticalIndex): string[] {
  return [...keys, ...included].map((key) => parseIndexKey(key)?.column ?? 'expr');
}

/** The name is taken; names of partitions' indexes follow from it. */
export function makeIndexScript(index: HypotheticalIndex, table: AdviceTable, taken: TakenNames): IndexScript {
  const { schema } = index;
  const name = taken.take(schema, index.table, toNameParts(index));
  const definition = { schema, table: index.table, name, unique: false, clause: toIndexClause(index) };
  const tables = toIndexedTables(table, definition.clause);
  const steps = findBuildSteps(definition, tables, taken.keys);
  const drop = toDropStep({ schema, name, table: index.table, isPartitioned: table.isPartitioned });
  // those that were taken in go with it, and were there before
  const attached = new Set(findAttached(tables).map(({ oid }) => oid));
  const restore = table.partitions.flatMap(({ isPartitioned, attachable }) =>
    attachable
      .filter(({ oid }) => attached.has(oid))
      .map((each) =>
        toWholeDefinition(each.definition).replace(/ INDEX /, isPartitioned ? ' INDEX ' : ' INDEX CONCURRENTLY '),
      ),
  );
  return { name, steps: steps.map(({ sql }) => sql), undo: [drop.sql, ...restore].join('; ') };
}

/** Of no size: nobody waits for these steps here. */
function toIndexedTables(table: AdviceTable, clause: string): IndexedTable[] {
  const isSame = ({ definition }: { definition: string }) =>
    !definition.startsWith('CREATE UNIQUE ') && definition.replace(/ WITH \([^)]*\)/, '').endsWith(` ${clause}`);
  return [{ ...table, parentOid: null, attachable: [] }, ...table.partitions].map(
    ({ oid, parentOid, schema, name, isPartitioned, attachable }) => ({
      oid,
      parentOid,
      schema,
      name,
      kind: isPartitioned ? 'partitioned table' : 'table',
      sizeBytes: 0,
      matching: attachable.find(isSame) ?? null,
    }),
  );
}

/** Statements one after the other, each with its semicolon, a line each. */
export function formatIndexScript(steps: readonly string[]): string {
  return steps.map((step) => `${step};`).join('\n');
}

/** The text of a migration file. `reasons` are written above the statements as comments. */
export function formatIndexMigration({ steps, undo }: IndexScript, reasons: readonly string[]): string {
  const comment = (text: string) => text.replace(/^/gm, '-- ');
  return [
    ...reasons.map(comment),
    '-- CREATE INDEX CONCURRENTLY lets others write while it works, but does not run inside a transaction: switch the',
    "-- migration tool's transaction off for this file, or run it with psql -f. If it fails, drop the invalid index that",
    '-- it leaves before you run it again.',
    ...(steps.length > 1
      ? ['-- The partitions, and the indexes that they have already, are those of the database that was looked at.']
      : []),
    formatIndexScript(steps),
    '',
    comment(`To take it back: ${undo};`),
    '',
  ].join('\n');
}
