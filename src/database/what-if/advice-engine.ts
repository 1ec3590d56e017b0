// Index advice with its engines, as a bundle of its own: neither the editor's engine nor the terminal needs it before
// somebody asks for advice.
export { adviseStatement, adviseWorkload } from './advise-statement';
export { makeChosenPlanner } from './choose-planner';
export { SandboxPool } from './sandbox/sandbox-pool';
