// What the planner would do with a statement if an index were there: its plans before and after. Nothing is built.
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import type { AdviceRequest } from '../../analysis/index-advice/index-advice';
import type { HypotheticalIndex, WhatIfResult } from '../../analysis/index-advice/what-if-planner';
import type { StatementContext } from '../consent';
import { captureStatement } from './advise-statement';
import type { UsePlanner } from './use-planner';

/** Rejects with a DatabaseFailure when no engine that makes plans can be had, or when it can't plan this statement. */
export async function explainWithIndex(
  context: StatementContext,
  request: AdviceRequest,
  index: HypotheticalIndex,
  usePlanner: UsePlanner,
  signal?: AbortSignal,
): Promise<WhatIfResult> {
  const { parser } = await context.loadParser();
  const captured = await captureStatement(context, { id: 'statement', ...request }, parser, signal);
  if ('reason' in captured) throw toFailure(captured.reason, '');
  const { result, engineNote } = await usePlanner({ context, statements: [captured], signal }, async (planner) => {
    const { id, sql, parameters } = captured;
    const { results } = await planner.plan([{ id, sql, ...(parameters === undefined ? {} : { parameters }) }], [index]);
    return results[0];
  });
  if (result?.unsupported === null && result.planAfter !== null) return result;
  throw toFailure(result?.unsupported ?? '', engineNote ?? '');
}

function toFailure(reason: string, engineNote: string): DatabaseFailure {
  return new DatabaseFailure(
    'other',
    `The statement can't be planned with an index that is not there. ${reason} ${engineNote}`
      .replace(/ +/g, ' ')
      .trim(),
    'Create the index to see the plan with it; it can be undone.',
  );
}
