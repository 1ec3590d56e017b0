// Who pays for whom. A node's measured time and buffers contain those of the nodes it ran, and most often these are the
// children it is printed with. InitPlans and CTEs are printed under the node of their query level but run inside whichever
// node first asked for them, so figures must be taken off there and nowhere else (docs/plan-metrics.md, rules 4 to 7).
import { planReferences, referenceTokens } from './expression-text';
import { textField } from './fields';
import type { PrintedNode } from './metrics';
import type { BufferUsage } from './plan';

/** Blocks of every kind: enough to tell whether one node's figures can contain another's. */
export type Blocks = Record<keyof BufferUsage, number>;

export const blockKinds = [
  'sharedHit',
  'sharedRead',
  'sharedDirtied',
  'sharedWritten',
  'localHit',
  'localRead',
  'localDirtied',
  'localWritten',
  'tempRead',
  'tempWritten',
] as const satisfies readonly (keyof BufferUsage)[];

export interface Charge {
  payer: number;
  node: number;
  /** How much of the node's time the payer's time contains; null without timing. */
  ms: number | null;
  blocks: Blocks | null;
}

export interface Charges {
  /** Whoever pays for a node, by node id; empty for roots. */
  payersOf: Charge[][];
  /** Nodes whose time runs in no other node, or not all of it: the plan's root and data-modifying CTEs (rule 7). */
  roots: Set<number>;
  /** Every node after all of its payers. */
  order: number[];
}

/** What of a node's figures its ordinary children leave: the room for InitPlans and CTEs. */
interface Residual {
  ms: number | null;
  /** How far `ms` may be off: the server rounds each average, and loops multiply the error. */
  toleranceMs: number;
  blocks: Blocks | null;
}

/** EXPLAIN prints times with three decimals. */
const printedTimeErrorMs = 0.0005;

const isGather = (node: PrintedNode) => node.type === 'Gather' || node.type === 'Gather Merge';
const isCte = (node: PrintedNode) => node.relationship === 'InitPlan' && node.subplanName?.startsWith('CTE ') === true;
const isInitPlan = (node: PrintedNode) => node.relationship === 'InitPlan' && !isCte(node);
/** Children that their parent runs as part of itself; SubPlans too (rule 4). */
const isOrdinary = (node: PrintedNode) => node.parent !== null && node.relationship !== 'InitPlan';

export function findCharges(
  nodes: readonly PrintedNode[],
  totalMs: readonly (number | null)[],
  participants: readonly number[],
): Charges {
  const payersOf: Charge[][] = nodes.map(() => []);
  const roots = new Set<number>();
  const children: number[][] = nodes.map(() => []);
  for (const node of nodes) if (node.parent !== null) children[node.parent]?.push(node.id);

  const residuals = nodes.map((node): Residual => {
    const rounding = ((node.loops ?? 0) / (participants[node.id] ?? 1)) * printedTimeErrorMs;
    return {
      ms: totalMs[node.id] ?? null,
      toleranceMs: rounding + printedTimeErrorMs,
      blocks: node.totalBuffers === null ? null : { ...node.totalBuffers },
    };
  });
  const nodeAt = (id: number): PrintedNode => {
    const node = nodes[id];
    if (node === undefined) throw new RangeError(`no plan node ${id}`);
    return node;
  };
  const residualOf = (id: number): Residual => residuals[id] ?? { ms: null, toleranceMs: 0, blocks: null };

  /** Blocks of each node that nobody has paid for yet. */
  const unpaid = nodes.map(({ totalBuffers }) => (totalBuffers === null ? null : { ...totalBuffers }));

  /** Of the node's blocks that are not paid for yet the payer pays what it has: it can't contain more than that. */
  function charge(payer: number, node: number, ms: number | null): void {
    const residual = residualOf(payer);
    const owed = unpaid[node] ?? null;
    const blocks = owed === null ? null : takeBlocks(owed, residual.blocks);
    payersOf[node]?.push({ payer, node, ms, blocks });
    if (residual.ms !== null) residual.ms -= ms ?? 0;
    residual.toleranceMs += residualOf(node).toleranceMs;
  }

  /**
   * What parallel workers read is added when their Gather is shut down: a Gather Merge, or a Gather that was not read to
   * its end, only when the plan ends or runs it again. By then the nodes between may not be running, so they do not have
   * these blocks; the nearest node above that was running does (rule 12).
   */
  function chargeLateBlocks(node: number, from: number | null): void {
    for (let at = from; at !== null && hasBlocks(unpaid[node]); at = nodeAt(at).parent) {
      if (hasBlocks(residualOf(at).blocks) && !wouldCircle(at, node)) charge(at, node, null);
    }
  }

  /** Whether charging `node` to `payer` would make something pay for itself: impossible on a server, possible in a file. */
  function wouldCircle(payer: number, node: number): boolean {
    const seen = new Set<number>();
    const waiting = [payer];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (at === node) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      for (const above of payersOf[at] ?? []) waiting.push(above.payer);
    }
    return false;
  }

  for (const node of nodes) {
    if (isOrdinary(node) && node.parent !== null) charge(node.parent, node.id, totalMs[node.id] ?? null);
  }
  for (const node of nodes) if (isOrdinary(node)) chargeLateBlocks(node.id, node.parent);
  if (nodes.length > 0) roots.add(0);

  // Rule 5 and 6 need to know who reads what.
  const readers = new Map<string, number[]>();
  const cteScans = nodes.filter((node) => textField(node, 'CTE Name') !== null && node.type === 'CTE Scan');
  if (nodes.some(isInitPlan)) {
    for (const node of inExecutionOrder(nodes, children)) {
      for (const token of planReferences(node)) {
        const known = readers.get(token);
        if (known === undefined) readers.set(token, [node.id]);
        else known.push(node.id);
      }
    }
  }

  /** A node's ancestors as printed, nearest first, `until` included. */
  function* ancestors(id: number, until: number): Generator<number> {
    for (let at = nodeAt(id).parent; at !== null; at = nodeAt(at).parent) {
      yield at;
      if (at === until) return;
    }
  }

  /** Whether a Gather is below a node: then some of its blocks may have been counted late. */
  function hasGather(id: number): boolean {
    const below = [id];
    for (const each of below) {
      if (isGather(nodeAt(each))) return true;
      below.push(...(children[each] ?? []));
    }
    return false;
  }

  /**
   * True when the node's figures have room for the InitPlan's. What shutting its Gather down adds may be in the node that it
   * hangs from instead.
   */
  function hasRoom(id: number, initPlan: PrintedNode, hangsFrom: number): boolean {
    const rooms = [residualOf(id)];
    if (id !== hangsFrom && hasGather(initPlan.id)) rooms.push(residualOf(hangsFrom));
    const ms = totalMs[initPlan.id] ?? null;
    const slack = residualOf(id).toleranceMs + residualOf(initPlan.id).toleranceMs;
    if (ms !== null && rooms.reduce((sum, room) => sum + (room.ms ?? ms), slack) < ms) return false;
    const { totalBuffers: blocks } = initPlan;
    if (blocks === null) return true;
    return blockKinds.every(
      (key) => rooms.reduce((sum, room) => sum + (room.blocks?.[key] ?? blocks[key]), 0) >= blocks[key],
    );
  }

  /**
   * Nodes in which an InitPlan may have run, best guess first: those whose expressions read it, in the order they run;
   * what is above the first of them; then the level's own node and what is below it, for a reader that EXPLAIN does not
   * show (a LIMIT's count, a target list without VERBOSE, run-time pruning).
   */
  function* candidates(initPlan: PrintedNode, hangsFrom: number): Generator<number> {
    const reading = new Set<number>();
    for (const token of referenceTokens(initPlan.subplanName ?? '')) {
      for (const reader of readers.get(token) ?? []) {
        const above = [...ancestors(reader, hangsFrom)];
        if (reader !== hangsFrom && above.at(-1) !== hangsFrom) continue;
        // parallel workers get the value from their Gather, which computes it before they start
        reading.add(above.find((id) => isGather(nodeAt(id))) ?? reader);
      }
    }
    yield* reading;
    const [first] = reading;
    if (first !== undefined && first !== hangsFrom) yield* ancestors(first, hangsFrom);
    const below = [hangsFrom];
    for (const id of below) {
      yield id;
      if (!isGather(nodeAt(id))) below.push(...(children[id] ?? []).filter((child) => isOrdinary(nodeAt(child))));
    }
  }

  function chargeInitPlan(initPlan: PrintedNode, hangsFrom: number): void {
    let payer: number | null = null;
    for (const candidate of candidates(initPlan, hangsFrom)) {
      if (nodeAt(candidate).loops === 0 || wouldCircle(candidate, initPlan.id)) continue;
      payer ??= candidate;
      if (!hasRoom(candidate, initPlan, hangsFrom)) continue;
      payer = candidate;
      break;
    }
    payer ??= hangsFrom;
    const room = residualOf(payer).ms;
    const ms = totalMs[initPlan.id] ?? null;
    charge(payer, initPlan.id, ms === null || room === null ? ms : Math.min(ms, Math.max(0, room)));
    chargeLateBlocks(initPlan.id, hangsFrom);
  }

  /** The nearest level around a CTE Scan that defines its CTE; a definition does not read itself (rule 6). */
  function definitionOf(scan: PrintedNode): number | null {
    const name = `CTE ${textField(scan, 'CTE Name') ?? ''}`;
    let from = scan.id;
    // a statement that is one CTE Scan has the definition below itself
    for (const above of [scan.id, ...ancestors(scan.id, -1)]) {
      const definition = (children[above] ?? []).find(
        (child) => child !== from && isCte(nodeAt(child)) && nodeAt(child).subplanName === name,
      );
      if (definition !== undefined) return definition;
      from = above;
    }
    return null;
  }

  const scansOf = new Map<number, PrintedNode[]>();
  for (const scan of cteScans) {
    const definition = definitionOf(scan);
    if (definition === null || scan.loops === 0) continue;
    const known = scansOf.get(definition);
    if (known === undefined) scansOf.set(definition, [scan]);
    else known.push(scan);
  }

  function chargeCte(cte: PrintedNode, hangsFrom: number): void {
    const scans = (scansOf.get(cte.id) ?? []).filter((scan) => !wouldCircle(scan.id, cte.id));
    if (cte.type === 'ModifyTable') roots.add(cte.id);
    else if (scans.length === 0) charge(hangsFrom, cte.id, totalMs[cte.id] ?? null);
    const sumMs = scans.reduce((sum, scan) => sum + (totalMs[scan.id] ?? 0), 0);
    const cteMs = totalMs[cte.id] ?? null;
    for (const scan of scans) {
      let ms: number | null = null;
      if (cteMs !== null) {
        const share = sumMs === 0 ? 1 / scans.length : (totalMs[scan.id] ?? 0) / sumMs;
        ms = Math.max(0, Math.min(cteMs * share, residualOf(scan.id).ms ?? 0));
      }
      // blocks are whole: the first scan that has them is taken to be the one that fetched them
      charge(scan.id, cte.id, ms);
    }
    // what a writing CTE did after the plan is its own
    if (cte.type !== 'ModifyTable') chargeLateBlocks(cte.id, hangsFrom);
  }

  for (const node of nodes) {
    if (node.parent === null) continue;
    if (isCte(node)) chargeCte(node, node.parent);
    else if (isInitPlan(node)) chargeInitPlan(node, node.parent);
  }
  return { payersOf, roots, order: payersFirst(payersOf) };
}

const hasBlocks = (blocks: Blocks | null = null) => blocks !== null && blockKinds.some((key) => blocks[key] > 0);

/** Moves as many blocks as there are in both out of them, and returns these. */
function takeBlocks(owed: Blocks, room: Blocks | null): Blocks {
  const taken = { ...owed };
  for (const key of blockKinds) {
    taken[key] = Math.min(owed[key], room?.[key] ?? 0);
    owed[key] -= taken[key];
    if (room !== null) room[key] -= taken[key];
  }
  return taken;
}

/** Nodes roughly as they first do their work: children before parents, since a row passes upwards. */
function inExecutionOrder(nodes: readonly PrintedNode[], children: readonly number[][]): PrintedNode[] {
  const order: PrintedNode[] = [];
  const [root] = nodes;
  const stack = root === undefined ? [] : [root];
  // parents before children and last child first, then turned round
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    order.push(node);
    for (const child of children[node.id] ?? []) {
      const below = nodes[child];
      if (below !== undefined) stack.push(below);
    }
  }
  return order.reverse();
}

function payersFirst(payersOf: readonly Charge[][]): number[] {
  const waitingFor = payersOf.map((payers) => payers.length);
  const paidBy: number[][] = payersOf.map(() => []);
  for (const payers of payersOf) for (const { payer, node } of payers) paidBy[payer]?.push(node);
  const order = waitingFor.flatMap((count, id) => (count === 0 ? [id] : []));
  for (const id of order) {
    for (const node of paidBy[id] ?? []) {
      waitingFor[node] = (waitingFor[node] ?? 0) - 1;
      if (waitingFor[node] === 0) order.push(node);
    }
  }
  return order;
}
