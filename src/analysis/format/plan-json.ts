// The plan as machines read it: what `plan --format json` and `explain --format json` print. plan-json-schema.ts has the
// same shape as a schema.
import type { Finding } from '../finding';
import type { Plan } from '../plan/plan';

/** Grows when a field is renamed or removed; new fields alone do not change it. */
export const planJsonVersion = 1;

export interface PlanJson extends Plan {
  schemaVersion: typeof planJsonVersion;
  findings: Finding[];
}

export function toPlanJson(plan: Plan, findings: readonly Finding[]): PlanJson {
  return { schemaVersion: planJsonVersion, ...plan, findings: [...findings] };
}

export function formatPlanJson(plan: Plan, findings: readonly Finding[]): string {
  return `${JSON.stringify(toPlanJson(plan, findings), null, 2)}\n`;
}
