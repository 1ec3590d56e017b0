// Work that the user can cancel: a notification with a Cancel button, shown only when the work takes long enough to be
// read about.
import * as vscode from 'vscode';

/** Shorter work would only flash a notification. */
const patienceMs = 400;

export async function runCancellable<Result>(
  title: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const running = work(controller.signal);
  let timer: NodeJS.Timeout | undefined;
  const isSlow = await Promise.race([
    running.then(
      () => false,
      () => false,
    ),
    new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        resolve(true);
      }, patienceMs);
    }),
  ]);
  clearTimeout(timer);
  if (!isSlow) return running;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_, token) => {
      token.onCancellationRequested(() => {
        controller.abort();
      });
      return running;
    },
  );
}
