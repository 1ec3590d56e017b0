import * as z from 'zod';
import { formatMs } from '../format/numbers';
import { defineRule, measured } from '../rule';
import type { SectionGap, SnapshotActivity } from '../snapshot';

/** Half an hour: what a batch takes; VACUUM can remove nothing that died since it began. */
const minMinutes = 30;
/** A day's dead rows stay. */
const highFromMinutes = 24 * 60;
const secondsPerMinute = 60;

/** A session that does not say when its transaction began has the state "disabled". */
const notTrackedGap: SectionGap = {
  kind: 'switched-off',
  message: 'track_activities is off: sessions do not say when their transactions began.',
  nextStep: 'Set track_activities to on.',
};

function isLong({ backendType, transactionSeconds }: SnapshotActivity, minutes: number): boolean {
  return backendType === 'client backend' && (transactionSeconds ?? 0) > minutes * secondsPerMinute;
}

export const longTransaction = defineRule({
  id: 'long-transaction',
  title: 'Transactions that are open for long',
  category: 'server',
  defaultSeverity: 'medium',
  needs: ['activity'],
  options: z.strictObject({ minMinutes: z.number().min(0).default(minMinutes) }),
  blockedBy({ activity, server }, options) {
    if (activity.some(({ state }) => state === 'disabled')) return notTrackedGap;
    const hidden = activity.filter(({ isHidden, database }) => isHidden && database !== null).length;
    return hidden === 0 || activity.some((session) => isLong(session, options.minMinutes))
      ? null
      : {
          kind: 'not-permitted',
          message: `Role "${server.role}" may not see the transactions of ${hidden} other sessions.`,
          nextStep: `Have an administrator run GRANT pg_read_all_stats TO "${server.role.replaceAll('"', '""')}";`,
        };
  },
  check: ({ activity }, options) =>
    activity.flatMap((session) => {
      if (!isLong(session, options.minMinutes)) return [];
      const seconds = session.transactionSeconds ?? 0;
      const who = `role "${session.role ?? ''}" (${session.application || 'no application name'}, database "${session.database ?? ''}")`;
      return [
        {
          severity: seconds > highFromMinutes * secondsPerMinute ? ('high' as const) : ('medium' as const),
          weight: seconds,
          subject: { kind: 'session' as const, pid: session.pid },
          message: `Session ${session.pid} of ${who} has had a transaction open for ${formatMs(seconds * 1000)} and is ${session.state ?? 'not known'} now.`,
          advice:
            'While it is open, VACUUM keeps every row that died since, in all tables, and CREATE INDEX CONCURRENTLY waits. Ask its owner, then end it.',
          evidence: [
            measured('transaction open', seconds * 1000, 'ms'),
            ...(session.text === null ? [] : [measured('last statement', session.text, null)]),
          ],
          fix: {
            title: `End session ${session.pid}`,
            // the process id may be another session's by then
            sql: `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = ${session.pid} AND xact_start < pg_catalog.now() - interval '${options.minMinutes} minutes';`,
            undoNote: 'Nothing takes this back: the client has to begin its work anew.',
            risk: 'What the transaction did is rolled back, and its client loses the connection.',
            outsideTransaction: false,
          },
          fingerprint: `long-transaction: ${who}`,
        },
      ];
    }),
});
