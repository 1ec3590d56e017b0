// The user's word before a statement runs, in the terminal: --yes, or a question that somebody answers. The only place of
// the terminal program where a Consent is made.
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { Consent, ConsentVerdict } from '../analysis/sql/consent';
import type { DatabaseConnection } from '../database/database-access';
import type { Terminal } from './terminal';

export interface ConsentQuestion {
  connection: DatabaseConnection;
  /** Exactly what will be sent. */
  sql: string;
  analyze: boolean;
  verdict: Extract<ConsentVerdict, { verdict: 'ask' }>;
  /** --yes */
  agreed: boolean;
}

function describeQuestion({ connection, sql, analyze, verdict }: ConsentQuestion): string {
  const { server, database, facts, profile } = connection;
  const undone = verdict.rollsBack
    ? ' What it changes in tables is rolled back; numbers drawn from sequences and whatever leaves the database are not.'
    : '';
  return [
    sql.trim().replace(/^/gm, '  '),
    '',
    `Server ${server}, database ${database}, environment ${profile.environment}, role ${facts.role}.`,
    ...verdict.reasons.map(({ message }) => `- ${message}`),
    analyze ? `EXPLAIN ANALYZE runs the statement.${undone}` : 'The planner may run functions of it while planning.',
  ].join('\n');
}

/** Rejects when the user says no, or cannot be asked. */
export async function askConsent(question: ConsentQuestion, terminal: Terminal, signal: AbortSignal): Promise<Consent> {
  const { connection, sql, analyze, verdict, agreed } = question;
  const { server, database } = connection;
  const consent: Consent = { sql, server, database, reasons: verdict.reasons };
  if (agreed) return consent;
  const what = analyze ? 'run' : 'plan';
  if (!terminal.canAsk) {
    throw new DatabaseFailure(
      'consent-required',
      `The statement was not ${analyze ? 'run' : 'planned'}, because it needs your word first.\n${describeQuestion(question)}`,
      `Give --yes to ${what} it.`,
    );
  }
  terminal.say(describeQuestion(question));
  const answer = await terminal.ask(`${analyze ? 'Run' : 'Plan'} it? [y/N] `, signal);
  if (/^y(es)?$/i.test(answer)) return consent;
  throw new DatabaseFailure('consent-required', `The statement was not ${analyze ? 'run' : 'planned'}.`, '');
}
