import * as z from 'zod';
import { defineRule, measured } from '../rule';

export const statementsMissing = defineRule({
  id: 'statements-missing',
  title: 'Statistics of statements are not there',
  category: 'statements',
  defaultSeverity: 'low',
  // it is about the section that is missing
  needs: [],
  options: z.strictObject({}),
  check({ gaps }) {
    const gap = gaps.statements;
    // a failed query is no matter of configuration: the section says so itself
    if (gap === undefined || gap.kind === 'failed') return [];
    return [
      {
        weight: 0,
        subject: { kind: 'extension' as const, name: 'pg_stat_statements' },
        message: gap.message,
        advice: gap.nextStep,
        evidence: [measured('state', gap.kind, null)],
        ...(gap.fix === undefined ? {} : { fix: gap.fix }),
        fingerprint: 'statements-missing',
      },
    ];
  },
});
