// Work on an index while the server is at it: how far it is, with Cancel, and whoever is in the way.
import * as vscode from 'vscode';
import { formatProgress, formatTransaction } from '../analysis/index-build/format-index-build';
import type { IndexProgress, OpenTransaction } from '../analysis/index-build/index-build';
import type { DatabaseSession } from './database-port';

/** How long a wait for somebody else may take before the user is asked whether to go on. */
const blockerPatienceMs = 10_000;

/** How often work that goes on without its window is looked at. */
const lookAgainMs = 2_000;

const cancel = 'Cancel';

export async function runWithProgress<Outcome>(
  session: DatabaseSession,
  title: string,
  work: (options: { onProgress: (progress: IndexProgress) => void; signal: AbortSignal }) => Promise<Outcome>,
): Promise<Outcome> {
  const controller = new AbortController();
  const blockers = new BlockerQuestion(title, controller);
  const where = `${title} on "${session.profile.name}"`;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: where, cancellable: true },
    async (notification, token) => {
      token.onCancellationRequested(() => {
        notification.report({ message: 'cancelling on the server' });
        controller.abort();
      });
      let shownPercent = 0;
      try {
        return await work({
          signal: controller.signal,
          onProgress: (progress) => {
            if (controller.signal.aborted) return;
            const percent = progress.ratio * 100;
            notification.report({ message: formatProgress(progress), increment: percent - shownPercent });
            shownPercent = percent;
            blockers.follow(progress.waitingFor);
          },
        });
      } finally {
        blockers.end();
      }
    },
  );
}

/** Whoever does not want to wait is told by the next window. */
export async function waitForEnd<State extends { state: string }>(
  title: string,
  look: () => Promise<State | { state: 'running'; pid: number }>,
): Promise<State | { state: 'running'; pid: number }> {
  const first = await look();
  if (!isRunning(first)) return first;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (notification, token) => {
      let state: typeof first | State = first;
      while (isRunning(state) && !token.isCancellationRequested) {
        notification.report({ message: `on the server, by pid ${state.pid}, although its window is gone` });
        await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
        state = await look();
      }
      return state;
    },
  );
}

function isRunning(state: { state: string }): state is { state: 'running'; pid: number } {
  return state.state === 'running';
}

/** Asks once for each one that is in the way for longer: go on waiting, or cancel. */
class BlockerQuestion {
  readonly #title: string;
  readonly #controller: AbortController;
  readonly #asked = new Set<number | null>();
  #waiting: { pid: number | null; since: number } | null = null;
  #ended = false;

  constructor(title: string, controller: AbortController) {
    this.#title = title;
    this.#controller = controller;
  }

  follow(blocker: OpenTransaction | null): void {
    if (blocker === null) {
      this.#waiting = null;
      return;
    }
    const { pid } = blocker;
    if (this.#waiting?.pid !== pid) this.#waiting = { pid, since: performance.now() };
    if (performance.now() - this.#waiting.since < blockerPatienceMs || this.#asked.has(pid)) return;
    this.#asked.add(pid);
    void this.#ask(blocker);
  }

  end(): void {
    this.#ended = true;
  }

  async #ask(blocker: OpenTransaction): Promise<void> {
    const chosen = await vscode.window.showWarningMessage(
      `${this.#title} waits for ${formatTransaction(blocker)}. It goes on when that transaction ends.`,
      'Wait',
      cancel,
    );
    if (chosen === cancel && !this.#ended) this.#controller.abort();
  }
}
