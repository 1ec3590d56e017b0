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

export interface FailureDisplay {
  /** Shown again after a look into the log: what its actions could still save would be gone with it. */
  returns?: boolean;
  /** What the failure is about, a profile's id or a statement: `hideMended` takes its message away. */
  about?: string;
}

export class FailureReporter {
  readonly #log: vscode.LogOutputChannel;
  /** What messages are about that nobody has closed or answered yet. */
  readonly #open = new Set<string>();

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

  /** Says nothing about what the user has cancelled. */
  async showFailure(
    error: unknown,
    actions: readonly FailureAction[] = [],
    { returns = false, about }: FailureDisplay = {},
  ): Promise<void> {
    this.logFailure(error);
    if (isDatabaseFailure(error) && error.kind === 'cancelled') return;
    const message = isDatabaseFailure(error)
      ? formatFailure(error)
      : `PG Insight failed in a way it should not: ${error instanceof Error ? error.message : String(error)}. The log has the details.`;
    let chosen: string | undefined;
    if (about !== undefined) this.#open.add(about);
    do {
      chosen = await vscode.window.showErrorMessage(message, ...actions.map(({ title }) => title), showLog);
      if (chosen === showLog) this.#log.show(true);
    } while (chosen === showLog && returns);
    if (about !== undefined) this.#open.delete(about);
    await actions.find(({ title }) => title === chosen)?.run();
  }

  /**
   * What has failed works now. VS Code keeps an error with buttons until it is closed, and an extension can't close one of
   * its own: it can only hide all that are shown, into the list behind the bell.
   */
  hideMended(about: string): void {
    if (this.#open.delete(about)) void vscode.commands.executeCommand('notifications.hideToasts');
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
