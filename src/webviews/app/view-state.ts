// What the user did with the view, kept while it is hidden and over a reload of the window. The document itself stays
// with the host, which gets its id back from here.

export const tabs = ['plan', 'findings', 'json'] as const;
export type Tab = (typeof tabs)[number];

export interface ViewState {
  documentId: string;
  tab: Tab;
  /** PlanNode.id; null shows the statement's own details. */
  selectedNode: number | null;
  /** PlanNode.id of rows that were closed. */
  collapsed: number[];
  filter: string;
  statementExpanded: boolean;
  /** Percent of the room that the tree has, with the details below or beside it; null until the user moves the border. */
  treeAbove: number | null;
  treeBeside: number | null;
}

export function newViewState(documentId: string): ViewState {
  return {
    documentId,
    tab: 'plan',
    selectedNode: null,
    collapsed: [],
    filter: '',
    statementExpanded: false,
    treeAbove: null,
    treeBeside: null,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const isId = (value: unknown): value is number => Number.isInteger(value);
const toPercent = (value: unknown) => (typeof value === 'number' && value > 0 && value < 100 ? value : null);

/** The kept state if it belongs to this document, else a new one. */
export function parseViewState(kept: unknown, documentId: string): ViewState {
  const state = newViewState(documentId);
  if (!isRecord(kept)) return state;
  // how the room is divided is a habit of the user's, whatever the document
  state.treeAbove = toPercent(kept['treeAbove']);
  state.treeBeside = toPercent(kept['treeBeside']);
  if (kept['documentId'] !== documentId) return state;
  const tab = tabs.find((each) => each === kept['tab']);
  if (tab !== undefined) state.tab = tab;
  if (isId(kept['selectedNode'])) state.selectedNode = kept['selectedNode'];
  if (Array.isArray(kept['collapsed'])) state.collapsed = kept['collapsed'].filter(isId);
  if (typeof kept['filter'] === 'string') state.filter = kept['filter'];
  state.statementExpanded = kept['statementExpanded'] === true;
  return state;
}
