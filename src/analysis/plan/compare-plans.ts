// Two plans of one statement side by side: which node of the one is which of the other, and what differs. Scans belong
// together by what they read, other nodes by what they do; a node that has come or gone leaves those below it together.
import type { Plan, PlanNode } from './plan';
import { inReadingOrder, nodeLabel, nodeSignature, toPlanTree, type PlanTree } from './plan-tree';

/** A row of the comparison, in the order of the plan after; what has gone stands where it was. */
export interface ComparedNode {
  /** Null for a node that has come. */
  before: PlanNode | null;
  /** Null for a node that has gone. */
  after: PlanNode | null;
  /** From 0, each in its own plan; null where there is none. */
  depthBefore: number | null;
  depthAfter: number | null;
  /** 'changed': it does the same work in another way. Figures alone are no change. */
  change: 'same' | 'changed' | 'added' | 'removed';
}

export interface ComparedFigure {
  before: number | null;
  after: number | null;
}

export interface PlanComparison {
  rows: ComparedNode[];
  /** Planner's cost units of the whole statement. */
  cost: ComparedFigure;
  /** Null unless both were run. */
  executionMs: ComparedFigure | null;
  /** "Seq Scan on orders → Index Scan using orders_coupon_idx on orders", of nodes that read in another way. */
  changes: string[];
}

/** Each node is held against each one of the other plan: larger plans are listed one after the other. */
const mostNodes = 400;

const joins = new Set(['Hash Join', 'Merge Join', 'Nested Loop']);
const sorts = new Set(['Sort', 'Incremental Sort']);
const gathers = new Set(['Gather', 'Gather Merge']);
const unions = new Set(['Append', 'Merge Append']);
const kinds = [joins, sorts, gathers, unions];

/** What a pair is worth: what is read tells nodes apart better than what is done with it. */
const sameRelation = 4;
const sameType = 2;
const sameKind = 1;

function similarity(a: PlanNode, b: PlanNode): number {
  if (a.relation !== null || b.relation !== null) {
    const isSame = a.relation === b.relation && a.schema === b.schema && a.alias === b.alias;
    return isSame ? sameRelation + (a.type === b.type ? sameType : 0) : 0;
  }
  if (a.type === b.type) return sameType;
  return kinds.some((kind) => kind.has(a.type) && kind.has(b.type)) ? sameKind : 0;
}

interface Alignment {
  score: number;
  how:
    | { is: 'match'; pairs: readonly (readonly [PlanNode, PlanNode])[] }
    | { is: 'gone'; child: PlanNode }
    | { is: 'come'; child: PlanNode }
    | { is: 'strangers' };
}

class Aligner {
  readonly #before: PlanTree;
  readonly #after: PlanTree;
  readonly #known = new Map<number, Alignment>();
  readonly rows: ComparedNode[] = [];

  constructor(before: PlanTree, after: PlanTree) {
    this.#before = before;
    this.#after = after;
  }

  /** The best way to lay the subtrees of two nodes over each other. */
  align(a: PlanNode, b: PlanNode): Alignment {
    const key = a.id * this.#after.plan.nodes.length + b.id;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const childrenBefore = this.#before.children[a.id] ?? [];
    const childrenAfter = this.#after.children[b.id] ?? [];
    let best: Alignment = { score: 0, how: { is: 'strangers' } };
    const own = similarity(a, b);
    if (own > 0) {
      const { score, pairs } = this.pair(childrenBefore, childrenAfter);
      best = { score: own + score, how: { is: 'match', pairs } };
    }
    for (const child of childrenBefore) {
      const { score } = this.align(child, b);
      if (score > best.score) best = { score, how: { is: 'gone', child } };
    }
    for (const child of childrenAfter) {
      const { score } = this.align(a, child);
      if (score > best.score) best = { score, how: { is: 'come', child } };
    }
    this.#known.set(key, best);
    return best;
  }

  /** The best pairs first, in any order: the sides of a join may change places. */
  pair(before: readonly PlanNode[], after: readonly PlanNode[]) {
    const possible = before
      .flatMap((a) => after.map((b) => ({ a, b, score: this.align(a, b).score })))
      .filter(({ score }) => score > 0)
      .sort((x, y) => y.score - x.score);
    const taken = new Set<PlanNode>();
    const pairs: [PlanNode, PlanNode][] = [];
    let sum = 0;
    for (const { a, b, score } of possible) {
      if (taken.has(a) || taken.has(b)) continue;
      taken.add(a).add(b);
      pairs.push([a, b]);
      sum += score;
    }
    return { score: sum, pairs };
  }

  /** Rows of nodes that stand beside each other, given which of them belong together. */
  addSiblings(
    before: readonly PlanNode[],
    after: readonly PlanNode[],
    pairs: readonly (readonly [PlanNode, PlanNode])[],
  ): void {
    for (const b of after) {
      const a = pairs.find(([, each]) => each === b)?.[0];
      if (a === undefined) this.#addSubtree(null, b);
      else this.#addPair(a, b);
    }
    for (const a of before) if (!pairs.some(([each]) => each === a)) this.#addSubtree(a, null);
  }

  #addPair(a: PlanNode, b: PlanNode): void {
    const { how } = this.align(a, b);
    const childrenBefore = this.#before.children[a.id] ?? [];
    const childrenAfter = this.#after.children[b.id] ?? [];
    switch (how.is) {
      case 'match':
        this.#addRow(a, b);
        this.addSiblings(childrenBefore, childrenAfter, how.pairs);
        break;
      case 'gone':
        this.#addRow(a, null);
        this.#addPair(how.child, b);
        for (const child of childrenBefore) if (child !== how.child) this.#addSubtree(child, null);
        break;
      case 'come':
        this.#addRow(null, b);
        for (const child of childrenAfter) {
          if (child === how.child) this.#addPair(a, child);
          else this.#addSubtree(null, child);
        }
        break;
      case 'strangers':
        this.#addSubtree(a, null);
        this.#addSubtree(null, b);
    }
  }

  #addSubtree(a: PlanNode | null, b: PlanNode | null): void {
    this.#addRow(a, b);
    for (const child of a === null ? [] : (this.#before.children[a.id] ?? [])) this.#addSubtree(child, null);
    for (const child of b === null ? [] : (this.#after.children[b.id] ?? [])) this.#addSubtree(null, child);
  }

  #addRow(before: PlanNode | null, after: PlanNode | null): void {
    this.rows.push({
      before,
      after,
      depthBefore: before === null ? null : (this.#before.depths[before.id] ?? 0),
      depthAfter: after === null ? null : (this.#after.depths[after.id] ?? 0),
      change: toChange(before, after),
    });
  }
}

function toChange(before: PlanNode | null, after: PlanNode | null): ComparedNode['change'] {
  if (before === null) return 'added';
  if (after === null) return 'removed';
  return nodeSignature(before) === nodeSignature(after) ? 'same' : 'changed';
}

function toRows(before: PlanTree, after: PlanTree): ComparedNode[] {
  if (Math.max(before.plan.nodes.length, after.plan.nodes.length) > mostNodes) {
    const toRow = (tree: PlanTree, node: PlanNode) => tree.depths[node.id] ?? 0;
    return [
      ...inReadingOrder(before).map((node): ComparedNode => {
        return { before: node, after: null, depthBefore: toRow(before, node), depthAfter: null, change: 'removed' };
      }),
      ...inReadingOrder(after).map((node): ComparedNode => {
        return { before: null, after: node, depthBefore: null, depthAfter: toRow(after, node), change: 'added' };
      }),
    ];
  }
  const aligner = new Aligner(before, after);
  const { pairs } = aligner.pair(before.roots, after.roots);
  aligner.addSiblings(before.roots, after.roots, pairs);
  return aligner.rows;
}

/** Of the statement's own root; a CTE that writes and is not read is part of it. */
const costOf = ({ roots }: PlanTree) => roots[0]?.totalCost ?? null;

export function comparePlans(before: Plan, after: Plan): PlanComparison {
  const trees = [toPlanTree(before), toPlanTree(after)] as const;
  const rows = toRows(...trees);
  const isTimed = before.executionMs !== null && after.executionMs !== null;
  return {
    rows,
    cost: { before: costOf(trees[0]), after: costOf(trees[1]) },
    executionMs: isTimed ? { before: before.executionMs, after: after.executionMs } : null,
    changes: rows.flatMap(({ before: a, after: b }) =>
      a === null || b === null || a.relation === null || nodeLabel(a) === nodeLabel(b)
        ? []
        : [`${nodeLabel(a)} → ${nodeLabel(b)}`],
    ),
  };
}

/** Whether a plan reads by the index; the indexes of a partitioned table's partitions are called after its own. */
export function usesIndex({ nodes }: Plan, name: string, isPartitioned: boolean): boolean {
  return nodes.some(({ index }) => index === name || (isPartitioned && index?.startsWith(`${name}_`) === true));
}
