// The one way a failure reaches the user: what failed, on which object, what to do next, "Show Log", and where one
// fits an action that mends it. Everything is in the log as well, which never holds a password.
import * as vscode from 'vscode';
import { isDatabaseFailure, type DatabaseFailure } from '../analysis/connection/connection-failure';

export interface FailureAction {
  title: string;
  run: () => unknown;
}

const showLog = 'Show Log';

/** What failed, the server's hint, what to do next: one paragraph that says nothing twice. */
export function formatFailure(failure: DatabaseFailure): string {
  const parts = [failure.message, failure.details.hint ?? '', failure.nextStep].map((part) => part.trim());
  return parts
    .filter((part, index) => part !== '' && !parts.slice(index + 1).some((later) => later.includes(part)))
    .map((part) => (/[.!?:]$/.test(part) ? part : `${part}.`))
    .join(' ');
}

export class FailureReporter {
  readonly #log: vscode.LogOutputChannel;

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
  }

  /** The command behind every "Show Log". */
  register(): vscode.Disposable {
    return vscode.commands.registerCommand('pgInsight.log.show', () => {
      this.#log.show();
    });
  }

  /** Writes a failure to the log without disturbing the user. */
  logFailure(error: unknown): void {
    if (!isDatabaseFailure(error)) this.#log.error(error instanceof Error ? error : String(error));
    else if (error.kind === 'cancelled') this.#log.info(error.message);
    else this.#log.error(`[${error.kind}${toCode(error)}] ${formatFailure(error)}${formatCause(error.cause)}`);
  }

  /**
   * Says nothing about what the user has cancelled. One that `returns` is shown again after a look into the log: what its
   * actions could still save would be gone with it.
   */
  async showFailure(
    error: unknown,
    actions: readonly FailureAction[] = [],
    { returns = false }: { returns?: boolean } = {},
  ): Promise<void> {
    this.logFailure(error);
    if (isDatabaseFailure(error) && error.kind === 'cancelled') return;
    const message = isDatabaseFailure(error)
      ? formatFailure(error)
      : `PG Insight failed in a way it should not: ${error instanceof Error ? error.message : String(error)}. The log has the details.`;
    let chosen: string | undefined;
    do {
      chosen = await vscode.window.showErrorMessage(message, ...actions.map(({ title }) => title), showLog);
      if (chosen === showLog) this.#log.show(true);
    } while (chosen === showLog && returns);
    await actions.find(({ title }) => title === chosen)?.run();
  }

  /**
   * For a failure that is marked at its place in the document. VS Code keeps a message with buttons until it is closed,
   * and no extension can close it: this one has none, so it goes by itself and does not outlive its mending for long.
   */
  showMarkedFailure(failure: DatabaseFailure): void {
    this.logFailure(failure);
    void vscode.window.showErrorMessage(formatFailure(failure));
  }

  /** Runs a command's work; whatever it throws is shown. */
  async guard(work: () => Promise<void>, actions: readonly FailureAction[] = []): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.showFailure(error, actions);
    }
  }
}

function toCode(failure: DatabaseFailure): string {
  const code = failure.details.code ?? null;
  return code === null ? '' : ` ${code}`;
}

/** The innermost: what the driver or the operating system said. */
function formatCause(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  return cause.cause instanceof Error ? formatCause(cause.cause) : `\n  caused by ${cause.name}: ${cause.message}`;
}
