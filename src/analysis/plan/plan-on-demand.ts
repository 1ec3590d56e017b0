import type * as engine from './plan-engine';

/** Loads the bundle of plan readers and plan rules (plan-engine.ts) with the first call. */
export const loadPlanEngine = (): Promise<typeof engine> => import('./plan-engine');
