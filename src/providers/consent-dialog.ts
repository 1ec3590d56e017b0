// The only place in the editor where the user's word is asked for, and so the only one where a Consent is made.
import * as vscode from 'vscode';
import { formatCount, formatQuantity } from '../analysis/format/numbers';
import type { Consent, ConsentVerdict } from '../analysis/sql/consent';
import type { DatabaseSession } from './database-port';
import { environmentLabels } from './environment-labels';

/** VS Code's dialog cuts off what does not fit and can't be scrolled: all it says has to fit into 720 pixels of height. */
const shownLines = 12;
const shownCharacters = 700;
const shownReasons = 6;

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
  const { session, sql, verdict } = question;
  const agree: vscode.MessageItem = { title: toAgreement(question) };
  const chosen = await vscode.window.showWarningMessage(
    toHeadline(question),
    { modal: true, detail: formatConsentDetail(question) },
    ...toChoices(question, agree),
  );
  if (chosen === showStatement) {
    const content = formatWhole(question);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content }));
  }
  if (chosen !== agree) return null;
  return { sql, server: session.server, database: session.database, reasons: verdict.reasons };
}

/** Enter takes the first, and VS Code puts Cancel last: on production, and when it is not all here, Enter runs nothing. */
function toChoices(question: ConsentQuestion, agree: vscode.MessageItem): vscode.MessageItem[] {
  const isCareful = question.session.profile.environment === 'production' || isCut(question);
  return isCareful ? [showStatement, agree] : [agree, showStatement];
}

function isCut({ sql, parameters, verdict }: ConsentQuestion): boolean {
  return [sql, parameters ?? ''].some((text) => shorten(text) !== text.trim()) || verdict.reasons.length > shownReasons;
}

/** The statement, and in a comment what else the question is about. */
function formatWhole({ sql, parameters, verdict }: ConsentQuestion): string {
  const comment = [
    ...(parameters === null ? [] : [`Parameters: ${parameters}`]),
    ...verdict.reasons.map(({ message }) => message),
  ].join('\n');
  return `${sql}\n\n/*\n${comment.replaceAll('*/', '* /')}\n*/\n`;
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

/** The statement comes last: it may be the longest, and on a low screen its end is what is cut off. */
function formatConsentDetail({ session, sql, parameters, analyze, verdict }: ConsentQuestion): string {
  const { profile, server, database } = session;
  const undone = verdict.rollsBack
    ? 'What it changes in tables is rolled back. A rollback does not take back: numbers drawn from sequences, what went through dblink or foreign servers, and anything a function does outside this database. Rows it wrote stay behind as dead rows and WAL until they are vacuumed and recycled. Locks are held until it ends.'
    : 'Nothing of it is kept: the transaction is read-only and is rolled back.';
  const more = verdict.reasons.length - shownReasons;
  return [
    [
      `Server: ${server}`,
      `Database: ${database}`,
      `Environment: ${environmentLabels[profile.environment].title}`,
      `Role: ${session.facts.role}`,
    ].join('\n'),
    [
      ...verdict.reasons.slice(0, shownReasons).map(({ message }) => `• ${message}`),
      ...(more > 0 ? [`… and ${formatQuantity(more, 'more reason')}`] : []),
    ].join('\n'),
    analyze ? `Explain Analyze runs the statement. ${undone}` : 'The planner may run functions of it while planning.',
    parameters === null ? shorten(sql) : `${shorten(sql)}\n\nParameters: ${shorten(parameters)}`,
  ].join('\n\n');
}

function shorten(text: string): string {
  const trimmed = text.trim();
  const shown = trimmed.split('\n').slice(0, shownLines).join('\n').slice(0, shownCharacters);
  return shown === trimmed ? trimmed : `${shown}\n… and ${formatCount(trimmed.length - shown.length)} more characters`;
}
