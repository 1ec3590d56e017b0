// The thread's side: advises with the code that the terminal runs, over units of work that the editor's side runs for it,
// and owns the sandboxes of this window.
import type { MessagePort } from 'node:worker_threads';
import { loadSqlParser } from '../../analysis/sql/load-sql-parser';
import type { StatementContext } from '../consent';
import type { RunUnitOfWork } from '../unit-of-work';
import { adviseWorkload, WorkloadMemory } from '../what-if/advise-statement';
import { makeChosenPlanner, type ChosenPlanner } from '../what-if/choose-planner';
import { explainWithIndex } from '../what-if/explain-with-index';
import { SandboxPool } from '../what-if/sandbox/sandbox-pool';
import type { AdvisedConnection, EditorCalls, SandboxSettings, ThreadCalls } from './advice-calls';
import { MessageCalls } from './message-calls';

/** Of a workload that is asked about again and again; another one takes its place. */
interface Remembered {
  connection: number;
  workload: string;
  memory: WorkloadMemory;
}

/** More often than a person can read. */
const progressPauseMs = 100;

interface Engine {
  settings: SandboxSettings;
  pool: SandboxPool;
  planner: ChosenPlanner;
}

/** Until the thread is told to end. */
export function serveAdvice(port: MessagePort): void {
  const contexts = new Map<number, StatementContext>();
  let engine: Engine | null = null;
  let remembered: Remembered | null = null;

  const provideEngine = (settings: SandboxSettings): Engine => {
    const before = engine;
    if (before !== null && JSON.stringify(before.settings) === JSON.stringify(settings)) return before;
    remembered = null;
    const pool = new SandboxPool({
      readBinariesSetting: () => settings.binaries,
      idleMs: settings.idleMinutes * 60_000,
      limits: { maxDiskBytes: settings.maxDiskMb * 1024 ** 2 },
    });
    engine = { settings, pool, planner: makeChosenPlanner({ engine: 'auto', pool }) };
    // what it is asked now fails, and is asked again when the user asks again: settings change seldom
    void before?.pool.end();
    return engine;
  };

  const provideContext = (connection: AdvisedConnection): StatementContext => {
    const known = contexts.get(connection.id);
    const context = known ?? { run: makeRun(calls, connection.id), ...connection, loadParser: loadSqlParser };
    contexts.set(connection.id, context);
    // of several hosts another one may answer after a loss
    context.server = connection.server;
    return context;
  };

  const provideMemory = (connection: number, workload: string): WorkloadMemory => {
    if (remembered?.connection !== connection || remembered.workload !== workload) {
      remembered = { connection, workload, memory: new WorkloadMemory() };
    }
    return remembered.memory;
  };

  const forgetWorkload = (connection: number) => {
    if (remembered?.connection === connection) remembered = null;
  };

  const calls: MessageCalls<ThreadCalls, EditorCalls> = new MessageCalls<ThreadCalls, EditorCalls>(port, {
    adviseWorkload: ({ request, connection, sandbox, statements, options: { workload, ...options } }, signal) => {
      const progress = { statements: 0, plans: 0 };
      let saidAtMs = -Infinity;
      const say = (change: Partial<typeof progress>) => {
        Object.assign(progress, change);
        const isLast = change.statements === statements.length;
        if (performance.now() - saidAtMs < progressPauseMs && !isLast) return;
        saidAtMs = performance.now();
        void calls.call('progress', { request, progress });
      };
      return adviseWorkload(
        provideContext(connection),
        statements,
        (done) => {
          say({ statements: done });
        },
        signal,
        {
          ...options,
          usePlanner: provideEngine(sandbox).planner.use,
          onWhatIf: (count) => {
            say({ plans: count });
          },
          ...(workload === undefined ? {} : { memory: provideMemory(connection.id, workload) }),
        },
      );
    },
    explainWithIndex: ({ connection, sandbox, statement, index }, signal) =>
      explainWithIndex(provideContext(connection), statement, index, provideEngine(sandbox).planner.use, signal),
    refresh: ({ connection }) => {
      const context = contexts.get(connection);
      if (context !== undefined) engine?.planner.refresh(context);
      forgetWorkload(connection);
    },
    forget: async ({ connection }) => {
      const context = contexts.get(connection);
      contexts.delete(connection);
      forgetWorkload(connection);
      if (context !== undefined) await engine?.planner.forget(context);
    },
    end: async () => {
      await engine?.pool.end();
      // after the answer has left
      setImmediate(() => {
        port.close();
      });
    },
  });
}

/** As a session runs units of work; the transaction is in the editor's session. */
function makeRun(calls: MessageCalls<ThreadCalls, EditorCalls>, connection: number): RunUnitOfWork {
  return async ({ signal, ...options }, work) => {
    const unit = nextUnit();
    const running = calls.call('runUnit', { connection, unit, options }, signal);
    // awaited below, and it may fail before
    running.catch(() => undefined);
    await calls.call('untilBegun', { unit }).catch(async (error: unknown) => {
      // says why it could not begin, while `unit` may be forgotten by now
      await running;
      throw error;
    });
    const outcome = await work({
      query: (text, values = []) => calls.call('query', { unit, text, values }),
      atEnd: (text) => void calls.call('atEnd', { unit, text }),
    }).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await calls.call('endUnit', { unit });
    // rejects with what the session says of a cancel or a loss
    await running;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  };
}

let unitCount = 0;
const nextUnit = () => ++unitCount;
