// The one line to the extension host. acquireVsCodeApi may be called once in a webview's life.
import type { ComparisonRequest, PlanViewRequest } from '../protocol';
import type { ReportViewRequest } from '../report-protocol';
import type { WorkloadViewRequest } from '../workload-protocol';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export function sendRequest(
  request: PlanViewRequest | ComparisonRequest | ReportViewRequest | WorkloadViewRequest,
): void {
  api.postMessage(request);
}

/**
 * Calls back for every message of the host; messages come from nowhere else into a webview's own window. Which messages
 * those are is the listener's to say: each view has a host of its own.
 */
export function onMessage(listener: (message: never) => void): void {
  window.addEventListener('message', (event: MessageEvent) => {
    listener(event.data as never);
  });
}

/** What was kept when the view was hidden or the window reloaded; of an older version of the program, perhaps. */
export function loadState(): unknown {
  return api.getState();
}

export function saveState(state: unknown): void {
  api.setState(state);
}
