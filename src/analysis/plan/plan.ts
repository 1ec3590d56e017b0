// An executed or planned statement as EXPLAIN (FORMAT JSON) printed it, with what PG Insight derives from it. Times are
// milliseconds, sizes bytes, buffers blocks. Rules of attribution: docs/plan-metrics.md.
import * as z from 'zod';

const count = z.number().nonnegative();

/** Blocks and block I/O times; every figure is a total over all loops and workers. */
export const bufferUsageSchema = z.object({
  sharedHit: count,
  sharedRead: count,
  sharedDirtied: count,
  sharedWritten: count,
  localHit: count,
  localRead: count,
  localDirtied: count,
  localWritten: count,
  tempRead: count,
  tempWritten: count,
});
export type BufferUsage = z.infer<typeof bufferUsageSchema>;

export const planNodeSchema = z.object({
  /** Position in depth-first order, from 0. */
  id: z.number().int(),
  /** Null for a root; a data-modifying CTE that nobody reads is a root of its own. */
  parent: z.number().int().nullable(),
  /** "Node Type" as printed, unknown ones too. */
  type: z.string(),
  /** What the node is to its parent as printed (Outer, Inner, SubPlan, InitPlan, Member); null for a root. */
  relationship: z.string().nullable(),
  /** "Subplan Name" as printed ("CTE x", "SubPlan 1"). */
  subplanName: z.string().nullable(),
  schema: z.string().nullable(),
  relation: z.string().nullable(),
  alias: z.string().nullable(),
  index: z.string().nullable(),
  joinType: z.string().nullable(),
  /** Null without ANALYZE. */
  loops: count.nullable(),
  startupCost: count.nullable(),
  totalCost: count.nullable(),
  /** Per loop. */
  plannedRows: count.nullable(),
  plannedWidth: count.nullable(),
  /** Per loop, as printed: a whole number before PostgreSQL 18, two decimals from 18. Null without ANALYZE. */
  actualRows: count.nullable(),
  /** Sum of the "Rows Removed by ..." figures, per loop as printed (rounded by the server). Null when none is printed. */
  rowsRemoved: count.nullable(),
  /** Wall-clock share of this node with its children: process time / participants. Null without ANALYZE or TIMING. */
  totalMs: count.nullable(),
  /** Without its children, SubPlans, InitPlans and CTEs it does not own. */
  selfMs: count.nullable(),
  totalBuffers: bufferUsageSchema.nullable(),
  selfBuffers: bufferUsageSchema.nullable(),
  /** True when ANALYZE reports 0 loops. */
  neverExecuted: z.boolean(),
  /** A Limit, a semi or anti join, a one-row SubPlan or an empty other side may have stopped this node before its end. */
  stoppedEarly: z.boolean(),
  /** The planner took it although an enable_* setting forbids it. */
  disabled: z.boolean(),
  /** >= 1; null where an estimate says nothing (never executed, stopped early, BitmapAnd, ...). */
  estimateFactor: z.number().min(1).nullable(),
  /** Which way the estimate was off. */
  estimateDirection: z.enum(['over', 'under', 'exact']).nullable(),
  /** Processes that ran this node (leader included); 1 outside Gather. */
  participants: z.number().min(1),
  /** Every field the server printed for this node except the child plans, unknown ones too. */
  fields: z.record(z.string(), z.unknown()),
});
export type PlanNode = z.infer<typeof planNodeSchema>;

/**
 * Time outside the plan's nodes; null where the server does not say. The nodes' selfMs + triggersMs + jitOutsideMs +
 * serializationMs + unattributedMs = the plan's executionMs.
 */
export const outsidePlanSchema = z.object({
  /** AFTER and foreign-key triggers (BEFORE triggers run inside ModifyTable). */
  triggersMs: count.nullable(),
  /** JIT compilation as printed, of all processes; most of it lies inside nodes, so it is not a part of the sum. */
  jitMs: count.nullable(),
  /** The part of jitMs spent before the plan ran (code generation); a part of the sum. */
  jitOutsideMs: count.nullable(),
  serializationMs: count.nullable(),
  /** Execution time that none of the parts above explains: executor start and end. */
  unattributedMs: count.nullable(),
});
export type OutsidePlan = z.infer<typeof outsidePlanSchema>;

export const planSchema = z.object({
  /** Null when EXPLAIN did not print it. */
  planningMs: count.nullable(),
  executionMs: count.nullable(),
  outside: outsidePlanSchema,
  triggers: z.array(
    z.object({
      name: z.string(),
      constraint: z.string().nullable(),
      relation: z.string().nullable(),
      calls: count,
      totalMs: count.nullable(),
      /** BEFORE and INSTEAD OF triggers run inside ModifyTable: their time is in its selfMs, not in outside. */
      insidePlan: z.boolean(),
    }),
  ),
  /** Planner settings that differ from their defaults (EXPLAIN's SETTINGS). */
  settings: z.record(z.string(), z.string()),
  nodes: z.array(planNodeSchema),
  /** Top-level fields that are not read otherwise. */
  fields: z.record(z.string(), z.unknown()),
});
export type Plan = z.infer<typeof planSchema>;
