// The only place in the editor where the user's word is asked for, and so the only one where a Consent is made.
import * as vscode from 'vscode';
import { formatCount } from '../analysis/format/numbers';
import type { Consent, ConsentVerdict } from '../analysis/sql/consent';
import type { DatabaseSession } from './database-port';
import { environmentLabels } from './environment-labels';

/** A dialog scrolls, so it shows statements whole; beyond this one reads them in an editor. */
const shownCharacters = 20_000;

export interface ConsentQuestion {
  session: DatabaseSession;
  /** Exactly what will be sent. */
  sql: string;
  /** As shown; null without parameters. */
  parameters: string | null;
  analyze: boolean;
  verdict: Extract<ConsentVerdict, { verdict: 'ask' }>;
}

const showStatement: vscode.MessageItem = { title: 'Show Statement' };

/** Null when the user does not want it. */
export async function askConsent(question: ConsentQuestion): Promise<Consent | null> {
  const { session, sql, parameters, verdict } = question;
  const agree: vscode.MessageItem = { title: toAgreement(question) };
  const chosen = await vscode.window.showWarningMessage(
    toHeadline(question),
    { modal: true, detail: formatConsentDetail(question) },
    ...toChoices(question, agree),
  );
  if (chosen === showStatement) {
    const content = parameters === null ? sql : `${sql}\n\n/* Parameters: ${parameters.replaceAll('*/', '* /')} */`;
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content }));
  }
  if (chosen !== agree) return null;
  return { sql, server: session.server, database: session.database, reasons: verdict.reasons };
}

/** Enter takes the first, and VS Code puts Cancel last: on production, and when it is not all here, Enter runs nothing. */
function toChoices(question: ConsentQuestion, agree: vscode.MessageItem): vscode.MessageItem[] {
  const isCareful = question.session.profile.environment === 'production' || isCut(question);
  return isCareful ? [showStatement, agree] : [agree];
}

function isCut({ sql, parameters }: ConsentQuestion): boolean {
  return sql.length > shownCharacters || (parameters ?? '').length > shownCharacters;
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

function shorten(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= shownCharacters
    ? trimmed
    : `${trimmed.slice(0, shownCharacters)}\n… and ${formatCount(trimmed.length - shownCharacters)} more characters`;
}
