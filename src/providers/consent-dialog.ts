// The only place in the editor where the user's word is asked for, and so the only one where a Consent is made.
import * as vscode from 'vscode';
import type { Consent, ConsentVerdict } from '../analysis/sql/consent';
import type { DatabaseSession } from './database-port';
import { environmentLabels } from './environment-labels';

/** As much of a statement as a dialog can show without pushing its buttons off the screen. */
const shownLines = 12;
const shownCharacters = 700;

export interface ConsentQuestion {
  session: DatabaseSession;
  /** Exactly what will be sent. */
  sql: string;
  /** As shown; null without parameters. */
  parameters: string | null;
  analyze: boolean;
  verdict: Extract<ConsentVerdict, { verdict: 'ask' }>;
}

/** Null when the user does not want it. */
export async function askConsent(question: ConsentQuestion): Promise<Consent | null> {
  const { session, sql, verdict } = question;
  const agree = toAgreement(question);
  const chosen = await vscode.window.showWarningMessage(
    toHeadline(question),
    { modal: true, detail: formatConsentDetail(question) },
    agree,
  );
  if (chosen !== agree) return null;
  return { sql, server: session.server, database: session.database, reasons: verdict.reasons };
}

function toHeadline({ session, analyze }: ConsentQuestion): string {
  const { name, environment } = session.profile;
  const where = environment === 'development' ? `"${name}"` : `"${name}" (${environment})`;
  return analyze ? `Run this statement on ${where}?` : `Plan this statement on ${where}?`;
}

function toAgreement({ analyze, verdict }: ConsentQuestion): string {
  if (!analyze) return 'Plan';
  return verdict.rollsBack ? 'Run and Roll Back' : 'Run';
}

export function formatConsentDetail({ session, sql, parameters, analyze, verdict }: ConsentQuestion): string {
  const { profile, server, database } = session;
  const undone = verdict.rollsBack
    ? 'What it changes in tables is rolled back. A rollback does not take back: numbers drawn from sequences, what went through dblink or foreign servers, and anything a function does outside this database. Rows it wrote stay behind as dead rows and WAL until they are vacuumed and recycled. Locks are held until it ends.'
    : 'Nothing of it is kept: the transaction is read-only and is rolled back.';
  return [
    [
      `Server: ${server}`,
      `Database: ${database}`,
      `Environment: ${environmentLabels[profile.environment].title}`,
      `Role: ${session.facts.role}`,
    ].join('\n'),
    parameters === null ? shorten(sql) : `${shorten(sql)}\n\nParameters: ${shorten(parameters)}`,
    verdict.reasons.map(({ message }) => `• ${message}`).join('\n'),
    analyze ? `Explain Analyze runs the statement. ${undone}` : 'The planner may run functions of it while planning.',
  ].join('\n\n');
}

function shorten(sql: string): string {
  const lines = sql.trim().split(/\r?\n/);
  const text = lines.slice(0, shownLines).join('\n').slice(0, shownCharacters);
  return text.length < sql.trim().length ? `${text}\n…` : text;
}
