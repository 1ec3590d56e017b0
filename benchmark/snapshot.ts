// One snapshot and its analysis, in this process; prints the figures.
import { analyze } from '../src/analysis/analyze';
import { captureServerFacts } from '../src/database/server-facts';
import { captureSnapshot } from '../src/database/snapshot';
import { openTestSession } from '../test/database/test-session';
import { snapshotServerSchema, snapshotServerVariable, type SnapshotFigures } from './snapshot-figures';

async function run(): Promise<SnapshotFigures> {
  const session = await openTestSession(
    snapshotServerSchema.parse(JSON.parse(process.env[snapshotServerVariable] ?? 'null')),
  );
  try {
    const facts = await captureServerFacts(session);
    const memoryBefore = process.memoryUsage().rss;
    const cpuBefore = process.cpuUsage();
    const started = performance.now();
    const snapshot = await captureSnapshot(session.run, facts, { server: session.server });
    const captured = performance.now();
    const { findings } = analyze(snapshot);
    const analyzed = performance.now();
    const { user, system } = process.cpuUsage(cpuBefore);
    const { indexes } = snapshot.sections;
    return {
      captureMs: captured - started,
      analyzeMs: analyzed - captured,
      cpuMs: (user + system) / 1000,
      memoryBytes: process.memoryUsage().rss - memoryBefore,
      indexes: indexes.status === 'available' ? indexes.rows.length : 0,
      findings: findings.length,
    };
  } finally {
    await session.close();
  }
}

void run().then((figures) => {
  console.log(JSON.stringify(figures));
});
