// The question before an index is built or dropped. The only place in the editor where an IndexConsent is made.
import * as vscode from 'vscode';
import { formatSteps } from '../analysis/index-build/format-index-build';
import type { IndexConsent, IndexPlan } from '../analysis/index-build/index-build';
import type { DatabaseSession } from './database-port';

export const copySql = 'Copy SQL';

export interface IndexQuestion {
  question: string;
  detail: string;
  agree: string;
  /** What can be done instead. */
  other?: { title: string; run: () => Promise<void> };
}

/** Null when the user does not want it, or it can't be done and that was said. */
export async function askToChange(
  session: DatabaseSession,
  plan: IndexPlan,
  { question, detail, agree, other }: IndexQuestion,
): Promise<IndexConsent | null> {
  const others = other === undefined ? [] : [other.title];
  if (plan.refusal !== null) {
    const { reason, nextStep } = plan.refusal;
    const chosen = await vscode.window.showWarningMessage(
      `PG Insight can't do it here: ${reason}. ${nextStep}`,
      ...others,
      copySql,
    );
    if (other !== undefined && chosen === other.title) await other.run();
    if (chosen === copySql) await vscode.env.clipboard.writeText(formatSteps(plan));
    return null;
  }
  const { name, environment } = session.profile;
  const where = environment === 'development' ? `"${name}"` : `"${name}" (${environment})`;
  const chosen = await vscode.window.showWarningMessage(
    `${question} on ${where}?`,
    { modal: true, detail },
    agree,
    ...others,
    copySql,
  );
  if (other !== undefined && chosen === other.title) await other.run();
  if (chosen === copySql) await vscode.env.clipboard.writeText(formatSteps(plan));
  if (chosen !== agree) return null;
  return { sql: plan.steps.map(({ sql }) => sql), server: plan.server, database: plan.database };
}
