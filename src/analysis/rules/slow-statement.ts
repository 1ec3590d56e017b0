import * as z from 'zod';
import { formatMs, formatQuantity } from '../format/numbers';
import { groupBy } from '../group-by';
import { defineRule, measured, type RuleFinding } from '../rule';
import { toHiddenStatementsFix } from '../statements/hidden-statements';
import { shortenStatement } from '../statements/statement-text';
import { isToolStatement } from '../statements/tool-statement';

/** What a person notices as a delay, and where waiting begins (Nielsen, Response Times: 0.1 s and 1 s). */
const minMeanMs = 100;
const highFromMeanMs = 1_000;
/** Characters of the text in a message. */
const shownLength = 80;

/** Statements of applications: those that read or change rows. Indexes and VACUUM take long without being slow. */
const applicationStatement =
  /^(?:\s|\(|--[^\n]*\n|\/\*.*?\*\/)*(?:select|with|insert|update|delete|merge|values|table|call)\b/is;

export const slowStatement = defineRule({
  id: 'slow-statement',
  title: 'Statements that take long',
  category: 'statements',
  defaultSeverity: 'medium',
  needs: ['statements'],
  options: z.strictObject({
    minMeanMs: z.number().min(0).default(minMeanMs),
    highFromMeanMs: z.number().min(0).default(highFromMeanMs),
    minCalls: z.number().min(1).default(1),
  }),
  check({ statements, server }, options) {
    const seen = statements.filter(
      ({ text }) => text !== null && applicationStatement.test(text) && !isToolStatement(text),
    );
    const found = [...groupBy(seen, ({ queryId }) => queryId)].flatMap(([queryId, rows]): RuleFinding[] => {
      const calls = rows.reduce((sum, row) => sum + row.calls, 0);
      const totalMs = rows.reduce((sum, row) => sum + row.totalExecMs, 0);
      const meanMs = totalMs / Math.max(1, calls);
      const text = (rows[0]?.text ?? '').replaceAll(/\s+/g, ' ').trim();
      if (queryId === null || calls < options.minCalls || meanMs <= options.minMeanMs) return [];
      return [
        {
          severity: meanMs > options.highFromMeanMs ? 'high' : 'medium',
          weight: totalMs,
          subject: { kind: 'statement', queryId },
          message: `${shortenStatement(text, shownLength)} takes ${formatMs(meanMs)} on average (${formatQuantity(calls, 'call')}).`,
          advice: 'Explain it to see where the time goes.',
          evidence: [
            measured('total time', totalMs, 'ms'),
            measured('mean time', meanMs, 'ms'),
            measured('calls', calls, 'calls'),
            measured('slowest call', Math.max(...rows.map(({ maxExecMs }) => maxExecMs)), 'ms'),
            measured('query ID', queryId, null),
          ],
          // a queryid holds the OIDs of tables: it is another one after a restore
          fingerprint: `slow-statement: ${text}`,
        },
      ];
    });
    const hidden = statements.filter(
      ({ text, calls, meanExecMs }) => text === null && calls >= options.minCalls && meanExecMs > options.minMeanMs,
    );
    if (hidden.length === 0) return found;
    return [
      ...found,
      {
        severity: 'info',
        weight: 0,
        subject: { kind: 'role', name: server.role },
        message: `${formatQuantity(hidden.length, 'statement')} of other roles with a mean above ${formatMs(options.minMeanMs)} can't be named: role "${server.role}" may not see them.`,
        evidence: [measured('hidden statements', hidden.length, 'statements')],
        fix: toHiddenStatementsFix(server.role),
        fingerprint: 'slow-statement: hidden',
      },
    ];
  },
});
