// The list of indexes as machines read it: `pg-insight indexes --format json`.
import * as z from 'zod';
import { findingSchema } from '../finding';
import { ruleOutcomeSchema, type RuleOutcome } from '../report';
import type { CaptureOrigin } from '../tables/tables-json';
import { indexRules } from './index-groups';
import type { IndexNode } from './index-tree';

/** Grows when a field is renamed or removed; new fields alone do not change it. */
export const indexesJsonVersion = 1;

const count = z.number().nonnegative();
const name = z.strictObject({ schema: z.string(), name: z.string() });

export const indexesJsonSchema = z.strictObject({
  schemaVersion: z.literal(indexesJsonVersion),
  /** host:port */
  server: z.string(),
  serverVersion: z.string(),
  database: z.string(),
  /** ISO 8601. */
  capturedAt: z.iso.datetime(),
  /** Largest first, an attached one behind its parent; what each field means is written down at SnapshotIndex. */
  indexes: z.array(
    z.strictObject({
      schema: z.string(),
      name: z.string(),
      table: z.string(),
      /** The index of the partitioned table that it is attached to; null for others. */
      parent: name.nullable(),
      isPartitioned: z.boolean(),
      method: z.string(),
      /** Columns and expressions as SQL. */
      keys: z.array(z.string()),
      included: z.array(z.string()),
      predicate: z.string().nullable(),
      isUnique: z.boolean(),
      isPrimary: z.boolean(),
      constraint: z.string().nullable(),
      isValid: z.boolean(),
      definition: z.string(),
      /** These two with the attached ones included. */
      estimatedSizeBytes: count,
      scans: count.nullable(),
      /** From 16 on; null when never or not known. */
      lastScan: z.iso.datetime({ offset: true }).nullable(),
      findings: z.array(findingSchema),
    }),
  ),
  /** What the rules about indexes did: without "ran", no finding means nothing. */
  rules: z.array(ruleOutcomeSchema),
});
export type IndexesJson = z.infer<typeof indexesJsonSchema>;

export function toIndexesJson(
  nodes: readonly IndexNode[],
  outcomes: readonly RuleOutcome[],
  origin: CaptureOrigin,
): IndexesJson {
  const toRows = (node: IndexNode, parent: IndexNode | null): IndexesJson['indexes'] => {
    const { index } = node;
    return [
      {
        schema: index.schema,
        name: index.name,
        table: index.tableName,
        parent: parent === null ? null : { schema: parent.index.schema, name: parent.index.name },
        isPartitioned: index.isPartitioned,
        method: index.method,
        keys: index.keys.map(({ sql }) => sql),
        included: [...index.included],
        predicate: index.predicate,
        isUnique: index.isUnique,
        isPrimary: index.isPrimary,
        constraint: index.constraint,
        isValid: index.isValid,
        definition: index.definition,
        estimatedSizeBytes: node.sizeBytes,
        scans: node.scans,
        lastScan: node.lastScan,
        findings: [...node.findings],
      },
      ...node.parts.flatMap((part) => toRows(part, node)),
    ];
  };
  return {
    schemaVersion: indexesJsonVersion,
    ...origin,
    indexes: nodes.flatMap((node) => toRows(node, null)),
    rules: outcomes.filter(({ ruleId }) => ruleId in indexRules),
  };
}
