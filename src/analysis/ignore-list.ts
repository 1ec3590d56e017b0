// Findings that a team chose not to see, each with its reason, in a file that can be committed. An entry names a rule, an
// object, both, or one finding by its fingerprint.
import type { Finding } from './finding';
import { formatObjectName } from './format/object-name';
import type { IgnoreEntry } from './parse-ignore-list';

/** In the workspace's folder; the terminal looks for it in the current one. */
export const ignoreFileName = '.pg-insight-ignore.json';

export function formatIgnoreList(entries: readonly IgnoreEntry[]): string {
  return `${JSON.stringify({ ignore: entries }, null, 2)}\n`;
}

/** Whether the entry speaks of this finding. */
export function isIgnoredBy(finding: Finding, entry: IgnoreEntry): boolean {
  if ('fingerprint' in entry) return entry.fingerprint === finding.fingerprint;
  const object = formatObjectName(finding.subject);
  if ('rule' in entry) {
    return entry.rule === finding.ruleId && (entry.object === undefined || entry.object === object);
  }
  return entry.object === object;
}

/** The reason of the first entry that covers the finding; null when none does. */
export function findIgnoreReason(finding: Finding, entries: readonly IgnoreEntry[]): string | null {
  return entries.find((entry) => isIgnoredBy(finding, entry))?.reason ?? null;
}
