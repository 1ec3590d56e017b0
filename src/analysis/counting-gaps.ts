// What the server does not count, or not for long enough: reasons that keep several rules from judging.
import type { SectionGap, SnapshotDatabase, SnapshotServer } from './snapshot';

const msPerDay = 86_400_000;

/** What a rule on counts of rows and scans says where the server does not count. */
export const notCountedGap: SectionGap = {
  kind: 'switched-off',
  message: 'track_counts is off: the server counts neither scans nor rows.',
  nextStep: 'Set track_counts to on and look again after some days.',
};

/** A standby counts its own scans only, and no changes. */
export function findStandbyGap(server: SnapshotServer): SectionGap | null {
  return server.inRecovery
    ? {
        kind: 'not-possible',
        message: `${server.server} is a standby: it counts its own scans only, and none of the changes.`,
        nextStep: 'Connect to the primary.',
      }
    : null;
}

/** Days that the counts of the current database span; null when the server does not say. */
export function countedDays(databases: readonly SnapshotDatabase[], capturedAt: string): number | null {
  const since = databases.find(({ isCurrent }) => isCurrent)?.countedSince ?? null;
  return since === null ? null : (Date.parse(capturedAt) - Date.parse(since)) / msPerDay;
}
