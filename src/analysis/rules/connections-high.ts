import * as z from 'zod';
import { formatRatio } from '../format/numbers';
import { groupBy } from '../group-by';
import { defineRule, measured, type RuleFinding } from '../rule';
import type { SnapshotActivity, SnapshotSetting } from '../snapshot';

/** The last fifth is gone in seconds when an application is restarted or a pool grows. */
const minRatio = 0.8;
/** From here on the next deployment is refused connections. */
const highFromRatio = 0.9;

/** Sessions that take one of max_connections. Whose kind is hidden is told by its database: helpers have none. */
export const isClientSession = ({ backendType, database, isHidden }: SnapshotActivity) =>
  isHidden ? database !== null : backendType === 'client backend';

/** What max_connections leaves to applications; null when the role may not see it. */
export function findConnectionLimit(settings: readonly SnapshotSetting[]): number | null {
  const find = (name: string) => settings.find((each) => each.name === name)?.setting;
  const all = find('max_connections');
  if (all === undefined) return null;
  return Number(all) - Number(find('superuser_reserved_connections') ?? 0) - Number(find('reserved_connections') ?? 0);
}

export const connectionsHigh = defineRule({
  id: 'connections-high',
  title: 'Connections are running out',
  category: 'server',
  defaultSeverity: 'medium',
  needs: ['activity', 'settings', 'databases'],
  options: z.strictObject({ minRatio: z.number().min(0).max(1).default(minRatio) }),
  check({ activity, settings, databases }, options) {
    const clients = activity.filter(isClientSession);
    const ofServer: Pool = {
      subject: { kind: 'server' },
      name: 'the server',
      limit: findConnectionLimit(settings) ?? 0,
      sessions: clients,
    };
    const ofRoles = [...groupBy(clients, ({ role }) => role)].flatMap(([role, sessions]): Pool[] => {
      const limit = sessions[0]?.roleConnectionLimit ?? null;
      return role === null || limit === null
        ? []
        : [{ subject: { kind: 'role', name: role }, name: `role "${role}"`, limit, sessions }];
    });
    const ofDatabases = databases.flatMap(({ name, connectionLimit }): Pool[] =>
      connectionLimit === null
        ? []
        : [
            {
              subject: { kind: 'database', name },
              name: `database "${name}"`,
              limit: connectionLimit,
              sessions: clients.filter(({ database }) => database === name),
            },
          ],
    );
    return [ofServer, ...ofRoles, ...ofDatabases].flatMap((pool) => toFinding(pool, options.minRatio));
  },
});

interface Pool {
  subject: RuleFinding['subject'];
  name: string;
  limit: number;
  sessions: readonly SnapshotActivity[];
}

function toFinding({ subject, name, limit, sessions }: Pool, least: number): RuleFinding[] {
  const ratio = sessions.length / Math.max(1, limit);
  if (sessions.length === 0 || ratio <= least) return [];
  const active = sessions.filter(({ state }) => state === 'active').length;
  const hidden = sessions.filter(({ isHidden }) => isHidden).length;
  return [
    {
      severity: ratio >= highFromRatio ? 'high' : 'medium',
      weight: ratio,
      subject,
      message: `${sessions.length} of ${limit} connections of ${name} are taken (${formatRatio(ratio)}).`,
      advice:
        hidden > 0
          ? `What ${hidden} of them do is hidden from this role: with pg_read_all_stats PG Insight could tell how many work.`
          : `${active} of them worked at that moment: a pool needs about as many connections, not one for each client.`,
      evidence: [
        measured('connections', sessions.length, null),
        measured('limit for applications', limit, null),
        ...(hidden > 0 ? [] : [measured('active', active, 'sessions')]),
      ],
      fingerprint: `connections-high: ${name}`,
    },
  ];
}
