import type * as advice from './advice-engine';

/** Loads the bundle of index advice (advice-engine.ts) with the first call. */
export const loadAdviceEngine = (): Promise<typeof advice> => import('./advice-engine');
