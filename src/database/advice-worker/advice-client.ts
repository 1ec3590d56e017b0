// The editor's side of the thread that advises: starts it with the first question, runs its units of work in the editor's
// own sessions, and says when it has crashed. Planning takes seconds of computing, which would stall the extension host.
import { Worker } from 'node:worker_threads';
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import type { AdviceRequest } from '../../analysis/index-advice/index-advice';
import type { HypotheticalIndex, WhatIfResult } from '../../analysis/index-advice/what-if-planner';
import type { WorkloadAdvice, WorkloadStatement } from '../../analysis/index-advice/workload-advice';
import type { StatementContext } from '../consent';
import {
  adviceThreadData,
  type AdvisedConnection,
  type AdviceProgress,
  type CarriedOptions,
  type EditorCalls,
  type SandboxSettings,
  type ThreadCalls,
} from './advice-calls';
import { MessageCalls } from './message-calls';
import { serveUnits } from './served-units';

/** A thread that has crashed twice is not started again in this window: it would crash the third time too. */
const mostCrashes = 2;
/** Ending a sandbox takes some 50 ms. VS Code waits 5 s for an extension; then the watchdog does the rest. */
const endPatienceMs = 3_000;

export interface AdviceClientParts {
  /** The thread's bundle. */
  file: string;
  readSandboxSettings: () => SandboxSettings;
  /** Something is wrong that no request can be told. */
  warn: (text: string) => void;
}

interface Thread {
  worker: Worker;
  calls: MessageCalls<EditorCalls, ThreadCalls>;
  exited: Promise<void>;
}

export class AdviceClient {
  readonly #parts: AdviceClientParts;
  readonly #ids = new WeakMap<StatementContext, number>();
  readonly #contexts = new Map<number, StatementContext>();
  readonly #listeners = new Map<number, (progress: AdviceProgress) => void>();
  #thread: Thread | null = null;
  #crashes = 0;
  #count = 0;
  #isEnding = false;

  constructor(parts: AdviceClientParts) {
    this.#parts = parts;
  }

  async adviseWorkload(
    context: StatementContext,
    statements: readonly WorkloadStatement[],
    options: CarriedOptions,
    onProgress: (progress: AdviceProgress) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<WorkloadAdvice> {
    const request = ++this.#count;
    this.#listeners.set(request, onProgress);
    try {
      const question = { ...this.#toQuestion(context), request, statements, options };
      return await this.#provideThread().calls.call('adviseWorkload', question, signal);
    } finally {
      this.#listeners.delete(request);
    }
  }

  /** The statement's plans without and with the index. */
  explainWithIndex(
    context: StatementContext,
    statement: AdviceRequest,
    index: HypotheticalIndex,
    signal?: AbortSignal,
  ): Promise<WhatIfResult> {
    const question = { ...this.#toQuestion(context), statement, index };
    return this.#provideThread().calls.call('explainWithIndex', question, signal);
  }

  /** Something has changed on the server: the next question looks at it again. */
  refresh(context: StatementContext): void {
    this.#tell('refresh', context);
  }

  /** The connection is closed. */
  forget(context: StatementContext): void {
    this.#tell('forget', context);
    const id = this.#ids.get(context);
    if (id !== undefined) this.#contexts.delete(id);
  }

  /** Ends the sandbox and the thread; what is under way fails. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const thread = this.#thread;
    if (thread === null) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, endPatienceMs);
    });
    const ending = thread.calls.call('end', null).then(
      () => thread.exited,
      () => undefined,
    );
    await Promise.race([ending, patience]);
    clearTimeout(timer);
    await thread.worker.terminate();
  }

  #tell(name: 'refresh' | 'forget', context: StatementContext): void {
    const connection = this.#ids.get(context);
    if (connection === undefined || this.#thread === null) return;
    // when the thread is gone there is nothing left to refresh or forget
    this.#thread.calls.call(name, { connection }).catch(() => undefined);
  }

  #toQuestion(context: StatementContext): { connection: AdvisedConnection; sandbox: SandboxSettings } {
    const id = this.#ids.get(context) ?? ++this.#count;
    this.#ids.set(context, id);
    this.#contexts.set(id, context);
    const { facts, server, pooler, environment } = context;
    return { connection: { id, facts, server, pooler, environment }, sandbox: this.#parts.readSandboxSettings() };
  }

  #provideThread(): Thread {
    if (this.#isEnding) throw new DatabaseFailure('cancelled', 'The window is closing.', '');
    if (this.#crashes >= mostCrashes) {
      throw new DatabaseFailure(
        'other',
        `Index advice is off in this window: its thread has crashed ${mostCrashes} times.`,
        'Reload the window to try it again; the log (PG Insight: Show Log) says what happened.',
      );
    }
    this.#thread ??= this.#startThread();
    return this.#thread;
  }

  #startThread(): Thread {
    const worker = new Worker(this.#parts.file, { workerData: adviceThreadData });
    const calls = new MessageCalls<EditorCalls, ThreadCalls>(worker, {
      ...serveUnits((id) => this.#contexts.get(id)),
      progress: ({ request, progress }) => {
        this.#listeners.get(request)?.(progress);
      },
    });
    let cause: Error | null = null;
    worker.once('error', (error: Error) => (cause = error));
    const exited = new Promise<void>((resolve) => {
      worker.once('exit', (code) => {
        this.#thread = null;
        if (!this.#isEnding) this.#noteCrash(cause, code);
        calls.break(
          new DatabaseFailure(
            'other',
            `Looking for indexes was broken off: its thread has ended (${cause?.message ?? `exit code ${code}`}).`,
            'Ask again: it is started anew.',
          ),
        );
        resolve();
      });
    });
    return { worker, calls, exited };
  }

  #noteCrash(cause: Error | null, code: number): void {
    this.#crashes++;
    const next =
      this.#crashes < mostCrashes ? 'The next question starts it anew.' : 'It is not started again in this window.';
    this.#parts.warn(
      `The thread that looks for indexes has crashed: ${cause?.stack ?? `exit code ${code}`}. Its sandbox has been ended. ${next}`,
    );
  }
}
