// What a script learns from pg-insight without reading its output.
import type { FailureKind } from '../analysis/connection/connection-failure';

export const exitCode = {
  fine: 0,
  /** There are findings at or above --fail-on. */
  findings: 1,
  /** Wrong use: an unknown option, a missing value, or a statement that needs the user's word and did not get it. */
  usage: 2,
  /** Could not connect, or is not permitted. */
  connection: 3,
  failed: 4,
  /** Ctrl+C, as shells have it: 128 + SIGINT. */
  interrupted: 130,
  /** `kill`, a service manager, a pipeline that gave up: 128 + SIGTERM. */
  terminated: 143,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export function toExitCode(kind: FailureKind): ExitCode {
  switch (kind) {
    case 'authentication':
    case 'unreachable':
    case 'tls':
    case 'not-postgresql':
    case 'no-such-database':
    case 'not-permitted':
    case 'connection-lost':
      return exitCode.connection;
    case 'configuration':
    case 'consent-required':
      return exitCode.usage;
    // on the server, by somebody else: our own signals are known before a failure is looked at
    case 'cancelled':
    case 'timed-out':
    case 'statement':
    case 'other':
      return exitCode.failed;
  }
}
