import * as z from 'zod';
import { formatCount, formatRatio } from '../format/numbers';
import { groupBy } from '../group-by';
import { defineRule, measured, type RuleFinding } from '../rule';
import type { SnapshotActivity, SnapshotSetting } from '../snapshot';

/** The last fifth is gone in seconds when an application is restarted or a pool grows. */
const minRatio = 0.8;
/** From here on the next deployment is refused connections. */
const highFromRatio = 0.9;

/** Sessions that take one of max_connections. One whose kind is hidden may be a helper if it has a database. */
export const isClientSession = ({ backendType, database, isHidden }: SnapshotActivity) =>
  isHidden ? database !== null : backendType === 'client backend';

/** What bounds the helpers that work in a database: parallel and logical replication workers, autovacuum, WAL senders. */
const helperSettings = ['max_worker_processes', 'autovacuum_max_workers', 'max_wal_senders'] as const;

/**
 * How many of `sessions` (clients, by isClientSession) take a connection. The two differ where kinds are hidden from the
 * role: all that the server allows of helpers may be among those.
 */
export function countConnections(
  sessions: readonly SnapshotActivity[],
  settings: readonly SnapshotSetting[],
): { least: number; most: number } {
  const helpers = helperSettings.reduce(
    (sum, name) => sum + Number(settings.find((each) => each.name === name)?.setting ?? Number.POSITIVE_INFINITY),
    0,
  );
  const hidden = sessions.filter(({ isHidden }) => isHidden).length;
  return { least: sessions.length - Math.min(hidden, helpers), most: sessions.length };
}

/** "3" or "3 to 8". */
export function formatConnectionCount({ least, most }: { least: number; most: number }): string {
  return least === most ? formatCount(most) : `${formatCount(least)} to ${formatCount(most)}`;
}

/** Of a limit: "12%" or "5% to 12%". */
export function formatConnectionRatio({ least, most }: { least: number; most: number }, limit: number): string {
  const [from, to] = [formatRatio(least / Math.max(1, limit)), formatRatio(most / Math.max(1, limit))];
  return from === to ? to : `${from} to ${to}`;
}

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
    return [ofServer, ...ofRoles, ...ofDatabases].flatMap((pool) => toFinding(pool, settings, options.minRatio));
  },
});

interface Pool {
  subject: RuleFinding['subject'];
  name: string;
  limit: number;
  sessions: readonly SnapshotActivity[];
}

function toFinding(
  { subject, name, limit, sessions }: Pool,
  settings: readonly SnapshotSetting[],
  minimum: number,
): RuleFinding[] {
  const count = countConnections(sessions, settings);
  // what may be a helper is no reason to complain
  const ratio = count.least / Math.max(1, limit);
  if (count.least === 0 || ratio <= minimum) return [];
  const active = sessions.filter(({ state }) => state === 'active').length;
  const hidden = sessions.filter(({ isHidden }) => isHidden).length;
  return [
    {
      severity: ratio >= highFromRatio ? 'high' : 'medium',
      weight: ratio,
      subject,
      message: `${formatConnectionCount(count)} of ${limit} connections of ${name} are taken (${formatConnectionRatio(count, limit)}).`,
      advice:
        hidden > 0
          ? `What ${hidden} sessions do is hidden from this role: with pg_read_all_stats PG Insight could tell which are helpers of the server, and how many work.`
          : `${active} of them worked at that moment: a pool needs about as many connections, not one for each client.`,
      evidence: [
        measured(hidden > 0 ? 'connections, at least' : 'connections', count.least, null),
        measured('limit for applications', limit, null),
        ...(hidden > 0 ? [] : [measured('active', active, 'sessions')]),
      ],
      fingerprint: `connections-high: ${name}`,
    },
  ];
}
