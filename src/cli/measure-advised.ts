// `advise --measure`: the advice is run on a development database before it is printed.
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { AllowedIndexes } from '../analysis/index-advice/allowed-indexes';
import type { MeasuredAdvice } from '../analysis/index-advice/measure/measure-advice';
import type { WorkloadAdvice, WorkloadStatement } from '../analysis/index-advice/workload-advice';
import type { DatabaseConnection } from '../database/database-access';
import { askConsent } from './ask-consent';
import { UsageError, type CommandArguments, type CommandOption } from './command';
import type { Terminal } from './terminal';

/** Of one run: what takes longer is compared as "more than that". */
const defaultTimeoutSeconds = 30;
const mostTimeoutSeconds = 2_147_483;

export const measureOptions: readonly CommandOption[] = [
  {
    name: 'measure',
    value: null,
    help: 'build the advised indexes for a trial, run the statements with and without them, drop what does not pay and choose again; on development databases only, and every index of the trial is dropped',
  },
  {
    name: 'timeout',
    value: 'SECONDS',
    help: `of --measure, give a run up after this time; default is ${defaultTimeoutSeconds}`,
  },
  {
    name: 'yes',
    value: null,
    help: 'of --measure, your word for statements that run only with it; they are rolled back',
  },
];

export interface Measuring {
  timeoutMs: number;
  agreed: boolean;
}

/** Null without --measure. Refuses what is known not to be a development database before anything is asked of it. */
export function chooseMeasuring(args: CommandArguments): Measuring | null {
  if (!args.has('measure')) {
    for (const name of ['timeout', 'yes'] as const) {
      if (args.has(name)) throw new UsageError(`--${name} is for --measure.`);
    }
    return null;
  }
  if (!args.has('profile') && args.text('environment') !== 'development') {
    throw new UsageError(
      '--measure builds indexes and runs statements, which is for development databases only, and nothing says that this is one.',
      'Give --environment development if it is, or --profile with a connection whose environment is development.',
    );
  }
  return {
    timeoutMs: (args.count('timeout', mostTimeoutSeconds) ?? defaultTimeoutSeconds) * 1000,
    agreed: args.has('yes'),
  };
}

/** A saved profile's environment is known when it is connected. Nothing has been asked of the database yet. */
export async function prepareMeasuring(connection: DatabaseConnection, terminal: Terminal): Promise<void> {
  const { name, environment } = connection.profile;
  if (environment !== 'development') {
    throw new UsageError(
      `--measure builds indexes and runs statements, which is for development databases only, and "${name}" is ${environment}.`,
      'Choose a connection whose environment is development.',
    );
  }
  const dropped = await terminal.during('Looking for what a killed trial has left', () => connection.dropLeftTrials());
  if (dropped.length > 0) terminal.note(`Dropped what a trial that was killed has left: ${dropped.join(', ')}.`);
}

export interface MeasureParts {
  connection: DatabaseConnection;
  measuring: Measuring;
  advice: WorkloadAdvice;
  statements: readonly WorkloadStatement[];
  advise: (statements: readonly WorkloadStatement[], allowed: AllowedIndexes) => Promise<WorkloadAdvice>;
  deadlineMs: number | null;
  terminal: Terminal;
  signal: AbortSignal;
}

export async function measureAdvised(parts: MeasureParts): Promise<MeasuredAdvice> {
  const { connection, measuring, advice, statements, advise, deadlineMs, terminal, signal } = parts;
  let progress = 'Measuring';
  return terminal.during(
    () => progress,
    () =>
      connection.measureAdvice({
        advice,
        statements: statements.map(({ id, sql, parameters }) => ({ id, sql, parameters })),
        reselect: (allowed, factors) =>
          advise(
            statements.map((each) => ({ ...each, estimateFactor: factors.get(each.id) ?? null })),
            allowed,
          ),
        timeoutMs: measuring.timeoutMs,
        deadlineMs,
        askConsent: async (sql, verdict) => {
          if (!measuring.agreed && !terminal.canAsk) return null;
          const question = { connection, sql, analyze: true, verdict, agreed: measuring.agreed };
          return terminal
            .withoutSpinner(() => askConsent(question, terminal, signal))
            .catch((error: unknown) => {
              if (error instanceof DatabaseFailure && error.kind === 'consent-required') return null;
              throw error;
            });
        },
        onProgress: (what) => {
          progress = what;
        },
        onLeft: (sql) => {
          terminal.say(`An index of the trial could not be dropped. Run: ${sql}`);
        },
        signal,
      }),
  );
}
