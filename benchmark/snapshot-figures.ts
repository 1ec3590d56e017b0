// What benchmark/snapshot.ts is told, and what it prints.
import * as z from 'zod';

/** Host, port, user and password of the server, as JSON. */
export const snapshotServerVariable = 'PG_INSIGHT_BENCHMARK_SERVER';
export const snapshotServerSchema = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  password: z.string(),
});

export const snapshotFiguresSchema = z.object({
  captureMs: z.number(),
  analyzeMs: z.number(),
  /** What this process computed for both, on whatever cores. */
  cpuMs: z.number(),
  /** What the process holds more than before, garbage included. */
  memoryBytes: z.number(),
  indexes: z.number(),
  findings: z.number(),
});
export type SnapshotFigures = z.infer<typeof snapshotFiguresSchema>;
