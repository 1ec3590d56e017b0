// What the user did with the view, kept while it is hidden and over a reload of the window. The document itself stays
// with the host, which gets its id back from here.
import type { Plan } from '../../analysis/plan/plan';

/** The last one is there for a plan that was read from a text. */
export const tabs = ['plan', 'flame', 'findings', 'json', 'text'] as const;
export type Tab = (typeof tabs)[number];

export interface ViewState {
  documentId: string;
  /** Which nodes the rows of this state are: run again, a statement may get another plan (shapeOf). */
  shape: number;
  tab: Tab;
  /** PlanNode.id; null shows the statement's own details. */
  selectedNode: number | null;
  /** PlanNode.id of rows that were closed. */
  collapsed: number[];
  /** PlanNode.id of what has the flame graph's whole width; null for the statement. */
  zoomedNode: number | null;
  filter: string;
  statementExpanded: boolean;
  /** Pixels that the tree was scrolled down. */
  treeTop: number;
  /** Percent of the room that the tree has, with the details below or beside it; null until the user moves the border. */
  treeAbove: number | null;
  treeBeside: number | null;
}

export function newViewState(documentId: string, shape: number): ViewState {
  return {
    documentId,
    shape,
    tab: 'plan',
    selectedNode: null,
    collapsed: [],
    zoomedNode: null,
    filter: '',
    statementExpanded: false,
    treeTop: 0,
    treeAbove: null,
    treeBeside: null,
  };
}

/** The same number for plans with the same nodes in the same places, whatever their figures (FNV-1a). */
export function shapeOf({ nodes }: Plan): number {
  let hash = 0x811c9dc5;
  for (const { parent, type } of nodes) {
    for (const character of `${parent} ${type};`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const isId = (value: unknown): value is number => Number.isInteger(value);
const toPercent = (value: unknown) => (typeof value === 'number' && value > 0 && value < 100 ? value : null);

/** The kept state if it belongs to this document, else a new one; of another plan of the statement what is not of its nodes. */
export function parseViewState(kept: unknown, documentId: string, shape: number): ViewState {
  const state = newViewState(documentId, shape);
  if (!isRecord(kept)) return state;
  // how the room is divided is a habit of the user's, whatever the document
  state.treeAbove = toPercent(kept['treeAbove']);
  state.treeBeside = toPercent(kept['treeBeside']);
  if (kept['documentId'] !== documentId) return state;
  const tab = tabs.find((each) => each === kept['tab']);
  if (tab !== undefined) state.tab = tab;
  if (typeof kept['filter'] === 'string') state.filter = kept['filter'];
  state.statementExpanded = kept['statementExpanded'] === true;
  if (kept['shape'] !== shape) return state;
  if (isId(kept['selectedNode'])) state.selectedNode = kept['selectedNode'];
  if (isId(kept['zoomedNode'])) state.zoomedNode = kept['zoomedNode'];
  if (Array.isArray(kept['collapsed'])) state.collapsed = kept['collapsed'].filter(isId);
  if (typeof kept['treeTop'] === 'number' && kept['treeTop'] > 0) state.treeTop = kept['treeTop'];
  return state;
}
