// Plans that real servers printed, recorded by `node scripts/run.mjs record-plans`.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan } from '../../src/analysis/plan/plan';

const folder = path.join('test', 'golden', 'plans');

export type GoldenServer = '15' | '18' | 'jit';

export function goldenPlanNames(server: GoldenServer): string[] {
  return readdirSync(path.join(folder, server))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''))
    .sort();
}

export function goldenPlanText(server: GoldenServer, name: string): string {
  return readFileSync(path.join(folder, server, `${name}.json`), 'utf8');
}

/** The same execution as auto_explain logged it, in text. */
export function goldenPlanEntry(server: GoldenServer, name: string): string {
  return readFileSync(path.join(folder, server, `${name}.txt`), 'utf8');
}

export function goldenPlan(server: GoldenServer, name: string): Plan {
  return parsePlanJson(goldenPlanText(server, name));
}
