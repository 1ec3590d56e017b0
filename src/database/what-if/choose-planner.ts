// The one place where it is decided which engine plans: the sandbox, where there is one; else HypoPG, where the server has
// it; else statistics. What a better engine lacked is in the answer, and an engine that was asked for by name is never
// replaced by another one.
import { DatabaseFailure, isDatabaseFailure } from '../../analysis/connection/connection-failure';
import type { WhatIfPlanner } from '../../analysis/index-advice/what-if-planner';
import type { StatementContext } from '../consent';
import type { EngineChoice } from './engine-choice';
import { useHypopg } from './hypopg-planner';
import type { SandboxPool } from './sandbox/sandbox-pool';
import { SandboxFailure } from './sandbox/sandbox-failure';
import { SandboxPlanner } from './sandbox/sandbox-planner';
import type { SandboxServer } from './sandbox/sandbox-server';
import { useStatistics, type UsePlanner } from './use-planner';

type Engine = WhatIfPlanner['engine'];

/** What was done in place of what failed. */
const engineUses: Record<Engine, string> = {
  sandbox: 'Planned in the sandbox',
  hypopg: 'Planned with HypoPG',
  statistics: 'Nothing could be planned with the indexes',
};

export interface ChosenPlanner {
  use: UsePlanner;
  /** Something has changed on the server: the next question looks at it again. */
  refresh(context: StatementContext): void;
  /** The connection is gone: what was loaded for it is removed. */
  forget(context: StatementContext): Promise<void>;
}

/** What is loaded into a sandbox for a connection stays there for the next question, as long as the sandbox lives. */
export function makeChosenPlanner({ engine, pool }: { engine: EngineChoice; pool: SandboxPool }): ChosenPlanner {
  const planners = new Map<StatementContext, { server: SandboxServer; planner: SandboxPlanner }>();

  function provideSandboxPlanner(context: StatementContext, server: SandboxServer): SandboxPlanner {
    const known = planners.get(context);
    if (known?.server === server) return known.planner;
    const planner = new SandboxPlanner(context, server);
    planners.set(context, { server, planner });
    return planner;
  }

  const useSandbox: UsePlanner = ({ context, signal }, work) =>
    pool.use(Math.floor(context.facts.versionNumber / 10_000), async (server) => {
      const planner = provideSandboxPlanner(context, server);
      const result = await work(toCancellable(planner, signal));
      return { result, engineNote: planner.difference };
    });

  const engines: Record<Engine, UsePlanner> = { sandbox: useSandbox, hypopg: useHypopg, statistics: useStatistics };

  return {
    async use(request, work) {
      if (engine !== 'auto') return engines[engine](request, work);
      const failures: string[] = [];
      for (const each of ['sandbox', 'hypopg'] as const) {
        try {
          const { result, engineNote } = await engines[each](request, work);
          return { result, engineNote: describeChoice(each, failures, engineNote) };
        } catch (error) {
          if (!isOfEngine(error)) throw error;
          failures.push(`${error.message} ${error.nextStep}`.trim());
        }
      }
      const { result } = await useStatistics(request, work);
      return { result, engineNote: describeChoice('statistics', failures, null) };
    },
    refresh(context) {
      planners.get(context)?.planner.refresh();
    },
    async forget(context) {
      const known = planners.get(context);
      planners.delete(context);
      // a sandbox that is gone has taken the database with it
      await known?.planner.close().catch(() => undefined);
    },
  };
}

/** Another engine may do what this one could not. Losing the server, or the user's cancel, concerns them all. */
function isOfEngine(error: unknown): error is DatabaseFailure {
  if (error instanceof SandboxFailure) return error.trouble !== 'stopped';
  if (!isDatabaseFailure(error)) return false;
  switch (error.kind) {
    case 'configuration':
    case 'not-permitted':
    case 'statement':
    case 'timed-out':
    case 'other':
      return true;
    default:
      return false;
  }
}

function describeChoice(engine: Engine, failures: readonly string[], note: string | null): string | null {
  const reasons = failures.length === 0 ? [] : [`${engineUses[engine]}: ${failures.join(' ')}`];
  const parts = [...reasons, ...(note === null ? [] : [note])];
  return parts.length === 0 ? null : parts.join(' ');
}

/** Whoever asked is answered at once when they cancel; the sandbox ends the question that it is at. */
function toCancellable(planner: WhatIfPlanner, signal: AbortSignal | undefined): WhatIfPlanner {
  if (signal === undefined) return planner;
  return {
    engine: planner.engine,
    grade: planner.grade,
    plan: async (...request) => {
      const cancelled = () =>
        new DatabaseFailure('cancelled', 'The advice was cancelled.', 'Ask again when you want to.');
      if (signal.aborted) throw cancelled();
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          reject(cancelled());
        };
        signal.addEventListener('abort', onAbort, { once: true });
        planner
          .plan(...request)
          .then(resolve, reject)
          .finally(() => {
            signal.removeEventListener('abort', onAbort);
          });
      });
    },
  };
}
