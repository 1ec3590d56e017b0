// Snapshot and analysis of a database at scale.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildForTests } from '../scripts/environment/bundles';
import type { PostgresServer } from '../scripts/environment/postgres-server';
import { bigStatements, bigTables, startBigDatabase } from './big-database';
import { megabyte, type Figures } from './figures';
import { snapshotFiguresSchema, snapshotServerVariable, type SnapshotFigures } from './snapshot-figures';

/** In a process of its own, so that neither compiled code nor garbage of another run counts. */
async function measureSnapshot(file: string, server: PostgresServer, figures: Figures): Promise<SnapshotFigures> {
  await figures.settle();
  const { host, port, user, password } = server;
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { ...process.env, [snapshotServerVariable]: JSON.stringify({ host, port, user, password }) },
  });
  return snapshotFiguresSchema.parse(JSON.parse(stdout));
}

export async function printSnapshot(figures: Figures): Promise<void> {
  const file = await buildForTests('benchmark/snapshot.ts', path.resolve('out', 'benchmark'));
  const server = await startBigDatabase();
  try {
    const [runs = []] = await figures.repeat([server], () => measureSnapshot(file, server, figures));
    const row = (title: string, toFigure: (run: SnapshotFigures) => number, unit: string, aim = '') => {
      figures.row(title, runs.map(toFigure), unit, aim);
    };
    const [first] = runs;
    row(
      `snapshot of ${bigTables} tables, ${first?.indexes ?? 0} indexes, ${bigStatements} statements`,
      ({ captureMs }) => captureMs,
      'ms',
    );
    row(`its analysis, ${first?.findings ?? 0} findings`, ({ analyzeMs }) => analyzeMs, 'ms');
    row('snapshot and analysis', ({ captureMs, analyzeMs }) => captureMs + analyzeMs, 'ms', '< 3000 ms');
    row('CPU time of it', ({ cpuMs }) => cpuMs, 'ms');
    row('memory they take', ({ memoryBytes }) => memoryBytes / megabyte, 'MB', '< 150 MB');
  } finally {
    await server.stop();
  }
}
