// Index advice with its engines, as a bundle of its own: neither the editor's engine nor the terminal needs it before
// somebody asks for advice.
import { parentPort, workerData } from 'node:worker_threads';
import { adviceThreadData } from '../advice-worker/advice-calls';
import { serveAdvice } from '../advice-worker/advice-thread';

export { measureAdvice } from '../measure/measure-advice';
export { dropLeftTrials } from '../measure/trial-indexes';
export { adviseStatement, adviseWorkload } from './advise-statement';
export { makeChosenPlanner } from './choose-planner';
export { SandboxPool } from './sandbox/sandbox-pool';

// the editor starts the bundle as a thread (advice-worker/advice-client.ts)
if (parentPort !== null && workerData === adviceThreadData) serveAdvice(parentPort);
