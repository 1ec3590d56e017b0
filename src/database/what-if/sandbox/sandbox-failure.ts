// Why there is no sandbox, in words. The caller takes the next engine and names this one's failure beside it.
import { DatabaseFailure, type FailureKind } from '../../../analysis/connection/connection-failure';
import { errorCode } from '../../error-code';

export type SandboxTrouble =
  /** No PostgreSQL on this machine, or not where the setting says. */
  | 'binaries-missing'
  /** The programs are for another platform, or lack a library. */
  | 'wrong-platform'
  /** All that was found is older than the source. */
  | 'too-old'
  | 'disk-full'
  | 'not-permitted'
  /** It ended by itself while it was in use. */
  | 'crashed'
  | 'not-started'
  /** It was stopped while it was in use. */
  | 'stopped';

const kinds: Record<SandboxTrouble, FailureKind> = {
  'binaries-missing': 'configuration',
  'wrong-platform': 'configuration',
  'too-old': 'configuration',
  'disk-full': 'other',
  'not-permitted': 'not-permitted',
  crashed: 'connection-lost',
  'not-started': 'other',
  stopped: 'cancelled',
};

export class SandboxFailure extends DatabaseFailure {
  constructor(
    readonly trouble: SandboxTrouble,
    message: string,
    nextStep: string,
    options?: ErrorOptions,
  ) {
    super(kinds[trouble], message, nextStep, {}, options);
  }
}

const freeSomeSpace = 'Free some disk space, then try again.';

export function toDiskFullFailure(folder: string, options?: ErrorOptions): SandboxFailure {
  return new SandboxFailure(
    'disk-full',
    `The what-if sandbox needs disk space in ${folder}, and the disk is full.`,
    freeSomeSpace,
    options,
  );
}

export function toNotPermittedFailure(what: string, folder: string, options?: ErrorOptions): SandboxFailure {
  return new SandboxFailure(
    'not-permitted',
    `The what-if sandbox may not ${what} ${folder}: permission denied.`,
    'Give your user the right to write there, or set TMPDIR (for the cache XDG_CACHE_HOME) to a folder that it may write to.',
    options,
  );
}

/** What a program or the operating system said, in our words; null when it is about neither disk nor permissions. */
function findPlainTrouble(said: string, code: string): 'disk-full' | 'not-permitted' | null {
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left on device|Disk quota exceeded/.test(said)) {
    return 'disk-full';
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(code) || /Permission denied|Read-only file system/.test(said)) {
    return 'not-permitted';
  }
  return null;
}

/** A file operation below `folder` failed. */
export function toFolderFailure(error: unknown, folder: string): SandboxFailure {
  if (error instanceof SandboxFailure) return error;
  switch (findPlainTrouble('', errorCode(error))) {
    case 'disk-full':
      return toDiskFullFailure(folder, { cause: error });
    case 'not-permitted':
      return toNotPermittedFailure('write to', folder, { cause: error });
    case null:
      return new SandboxFailure(
        'not-started',
        `The what-if sandbox could not be made in ${folder}: ${error instanceof Error ? error.message : 'unknown error'}.`,
        'Try again; if it stays, choose another PostgreSQL with the setting pgInsight.sandbox.binaries.',
        { cause: error },
      );
  }
}

/** The line of a server's or initdb's output that says most. */
export function findTellingLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telling =
    lines.findLast((line) => /(PANIC|FATAL): /.test(line)) ??
    lines.findLast((line) => /was terminated by|error: /.test(line)) ??
    lines.findLast((line) => line !== '') ??
    '';
  return telling.replace(/^.*?(PANIC|FATAL|LOG|error): +/, '').replace(/\.$/, '');
}

/** `program` ended although it should not have; `output` is what it wrote. */
export function toProgramFailure(program: string, output: string, folder: string): SandboxFailure {
  switch (findPlainTrouble(output, '')) {
    case 'disk-full':
      return toDiskFullFailure(folder);
    case 'not-permitted':
      return toNotPermittedFailure('use', folder);
    case null:
      return new SandboxFailure(
        'not-started',
        `${program} for the what-if sandbox did not start: ${findTellingLine(output) || 'it said nothing'}.`,
        'Try again; if it stays, choose another PostgreSQL with the setting pgInsight.sandbox.binaries.',
      );
  }
}

/** The server was there and has ended without being asked to. */
export function toCrashFailure(name: string, log: string, folder: string): SandboxFailure {
  if (findPlainTrouble(log, '') === 'disk-full') return toDiskFullFailure(folder);
  return new SandboxFailure(
    'crashed',
    `The what-if sandbox (${name}) ended unexpectedly: ${findTellingLine(log) || 'it was killed'}.`,
    'Try again; if it happens with the same statement, please report it.',
  );
}
