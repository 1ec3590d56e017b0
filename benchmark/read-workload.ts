// The benchmark's own workloads: statements of benchmark/workloads/*.sql, each under a line "-- name: x, calls: 12".
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export const workloadNames = ['shop', 'oltp', 'analytic'] as const;

export interface BenchmarkStatement {
  /** Unique among all workloads. */
  id: string;
  sql: string;
  /** In an hour; 1 where the file says nothing. */
  calls: number;
}

const entry = /^-- name: (?<name>\w+)(?:, calls: (?<calls>\d+))?\n(?<sql>[^]*?);\n/gm;

/** Scripts run in the repository's root. */
export async function readWorkload(name: (typeof workloadNames)[number]): Promise<BenchmarkStatement[]> {
  const content = await readFile(path.resolve('benchmark', 'workloads', `${name}.sql`), 'utf8');
  return [...content.matchAll(entry)].map(({ groups }) => ({
    id: `${name}.${groups?.['name'] ?? ''}`,
    sql: groups?.['sql'] ?? '',
    calls: Number(groups?.['calls'] ?? 1),
  }));
}

/** `count` statements of all workloads in turn; beyond their number the same ones with other constants. */
export async function mixWorkloads(count: number): Promise<BenchmarkStatement[]> {
  const workloads = await Promise.all(workloadNames.map(readWorkload));
  const longest = Math.max(...workloads.map(({ length }) => length));
  const once = Array.from({ length: longest }, (_, at) => workloads.flatMap((all) => all[at] ?? [])).flat();
  return Array.from({ length: count }, (_, at): BenchmarkStatement => {
    const statement = once[at % once.length] ?? { id: '', sql: '', calls: 1 };
    const copy = Math.floor(at / once.length);
    if (copy === 0) return statement;
    const sql = statement.sql.replace(/= (\d{2,})\b/g, (_, value: string) => `= ${Number(value) + copy}`);
    return { ...statement, id: `${statement.id}.${copy}`, sql };
  });
}
