// Plans that real servers printed, recorded by `node scripts/run.mjs record-plans`.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parsePlanJson } from '../../src/analysis/plan/parse-plan';
import type { Plan } from '../../src/analysis/plan/plan';

const folder = path.join('test', 'golden', 'plans');

export type GoldenServer = '15' | '18' | 'jit';

export function goldenPlanNames(server: GoldenServer): string[] {
  return readdirSync(path.join(folder, server))
    .map((file) => file.replace(/\.json$/, ''))
    .sort();
}

export function goldenPlanText(server: GoldenServer, name: string): string {
  return readFileSync(path.join(folder, server, `${name}.json`), 'utf8');
}

export function goldenPlan(server: GoldenServer, name: string): Plan {
  return parsePlanJson(goldenPlanText(server, name));
}
