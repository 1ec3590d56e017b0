// What a file of ignored findings may hold. Apart from the rest of the list, so that the editor's first bundle goes without
// zod. A rule that does not exist is as wrong as a missing reason: what it was meant for would be shown all the same.
import * as z from 'zod';
import { findJsonFault, findJsonOffset, toLineColumn, type JsonPath } from './plan/json-position';
import { healthRules } from './rules/index';

const name = z.string().trim().min(1, 'is empty');
const reason = name;

/** The rules of a server, and the one on statements of SQL files. */
const ruleIds: readonly string[] = [...healthRules.map(({ id }) => id), 'missing-index'];

const fingerprintEntry = z.strictObject({ fingerprint: name, reason });
const ruleEntry = z.strictObject({
  rule: z.string().refine((id) => ruleIds.includes(id), {
    error: ({ input }) =>
      `names the rule "${String(input)}", which does not exist. The rules are ${ruleIds.join(', ')}`,
  }),
  object: name.optional(),
  reason,
});
/** As SQL names it: public.orders_status_idx */
const objectEntry = z.strictObject({ object: name, reason });

export type IgnoreEntry = z.infer<typeof fingerprintEntry | typeof ruleEntry | typeof objectEntry>;

const ignoreListSchema = z.strictObject({ ignore: z.array(z.unknown()) });

export type IgnoreListReading =
  | { status: 'read'; entries: IgnoreEntry[] }
  /** A sentence. Nothing is ignored then, and nobody may write over the file. */
  | { status: 'unreadable'; reason: string };

/** The kind of entry that it is meant to be decides what is said about it. */
function parseEntry(entry: unknown): z.ZodSafeParseResult<IgnoreEntry> {
  if (typeof entry === 'object' && entry !== null) {
    if ('fingerprint' in entry) return fingerprintEntry.safeParse(entry);
    if ('rule' in entry) return ruleEntry.safeParse(entry);
  }
  return objectEntry.safeParse(entry);
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  const shape = 'An entry has a "reason" and a "rule", an "object", both, or a "fingerprint", each a text';
  if (issue === undefined) return shape;
  const field = issue.path.at(-1);
  if (issue.code === 'unrecognized_keys') {
    return `The entry has ${issue.keys.map((key) => `"${key}"`).join(', ')}, which is not known. ${shape}`;
  }
  if (issue.code === 'too_small' || issue.code === 'custom') return `"${String(field)}" ${issue.message}`;
  if (field === 'reason') return 'The entry has no "reason": others will want to know';
  return shape;
}

export function parseIgnoreList(text: string): IgnoreListReading {
  const unreadable = (offset: number | null, what: string): IgnoreListReading => ({
    status: 'unreadable',
    reason: `Line ${toLineColumn(text, offset ?? 0).line}: ${what}.`,
  });
  const at = (path: JsonPath) => {
    // a field that is missing has no place; its entry has
    for (let length = path.length; length > 0; length--) {
      const offset = findJsonOffset(text, path.slice(0, length));
      if (offset !== null) return offset;
    }
    return 0;
  };
  const fault = findJsonFault(text);
  if (fault !== null) return unreadable(fault.offset, `This is not JSON; expected ${fault.expected}`);
  const list = ignoreListSchema.safeParse(JSON.parse(text));
  if (!list.success) return unreadable(null, 'The file holds {"ignore": [...]}, a list of entries, and nothing else');
  const entries: IgnoreEntry[] = [];
  for (const [position, entry] of list.data.ignore.entries()) {
    const checked = parseEntry(entry);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      const path = ['ignore', position, ...(issue?.path ?? [])].filter((step) => typeof step !== 'symbol');
      return unreadable(at(path), describeIssue(issue));
    }
    entries.push(checked.data);
  }
  return { status: 'read', entries };
}
