// Findings that a team chose not to see, each with its reason, in a file that can be committed. An entry names a rule, an
// object, both, or one finding by its fingerprint.
import * as z from 'zod';
import type { Finding } from './finding';
import { formatObjectName } from './format/object-name';

/** In the workspace's folder; the terminal looks for it in the current one. */
export const ignoreFileName = '.pg-insight-ignore.json';

const reason = z.string().trim().min(1, 'a reason is needed: others will want to know');

export const ignoreEntrySchema = z.union(
  [
    z.strictObject({ fingerprint: z.string(), reason }),
    z.strictObject({ rule: z.string(), object: z.string().optional(), reason }),
    /** As SQL names it: public.orders_status_idx */
    z.strictObject({ object: z.string(), reason }),
  ],
  'an entry has a "reason" and a "rule", an "object", both, or a "fingerprint"',
);
export type IgnoreEntry = z.infer<typeof ignoreEntrySchema>;

const ignoreListSchema = z.strictObject({ ignore: z.array(ignoreEntrySchema) });

export type IgnoreListReading =
  | { status: 'read'; entries: IgnoreEntry[] }
  /** A sentence. Nothing is ignored then, and nobody may write over the file. */
  | { status: 'unreadable'; reason: string };

export function parseIgnoreList(text: string): IgnoreListReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return {
      status: 'unreadable',
      reason: `It is not JSON: ${error instanceof Error ? error.message : String(error)}.`,
    };
  }
  const checked = ignoreListSchema.safeParse(json);
  if (checked.success) return { status: 'read', entries: checked.data.ignore };
  const issue = checked.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.join('.');
  return { status: 'unreadable', reason: `At ${place}: ${issue?.message ?? 'not what is expected'}.` };
}

export function formatIgnoreList(entries: readonly IgnoreEntry[]): string {
  return `${JSON.stringify({ ignore: entries }, null, 2)}\n`;
}

/** The reason of the first entry that covers the finding; null when none does. */
export function findIgnoreReason(finding: Finding, entries: readonly IgnoreEntry[]): string | null {
  const object = formatObjectName(finding.subject);
  const entry = entries.find((each) => {
    if ('fingerprint' in each) return each.fingerprint === finding.fingerprint;
    if ('rule' in each) return each.rule === finding.ruleId && (each.object === undefined || each.object === object);
    return each.object === object;
  });
  return entry?.reason ?? null;
}
