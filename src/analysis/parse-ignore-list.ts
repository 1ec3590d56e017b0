// What a file of ignored findings may hold. Apart from the rest of the list, so that the editor's first bundle goes without zod.
import * as z from 'zod';

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
