import type { WhatIfPlanner } from '../what-if-planner';

/** How an engine came to its answer. */
export const engineSentences: Record<WhatIfPlanner['engine'], string> = {
  sandbox: "Planned in a sandbox with the server's definitions and statistics.",
  hypopg: 'Planned on the server with HypoPG.',
  statistics: 'Estimated from statistics.',
};
