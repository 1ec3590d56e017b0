// What the view of a workload's advice shows, from the document that is kept.
import { formatIndexScript } from '../analysis/index-advice/index-ddl';
import { sumSizeBytes } from '../analysis/index-advice/selection/advice-under-budget';
import { describeIndexColumns } from '../analysis/index-advice/text/describe-saving';
import {
  findFate,
  findSelection,
  summarizeSelection,
  type SelectedIndex,
  type WorkloadSelection,
} from '../analysis/index-advice/workload-selection';
import type { ShownIndex, WorkloadDocument, WorkloadSource, WorkloadView } from './workload-protocol';

const estimatedObstacle =
  'Estimates from statistics tell one index from another too badly to choose among them for a budget. It needs an engine that makes plans.';
const changedObstacle =
  'Indexes of this report have been created or dropped since. Refresh plans the statements on the server as it is now.';

/** Null where nothing is kept that could be shown. */
export function findShownSelection({ selections, budgetBytes }: WorkloadDocument): WorkloadSelection | null {
  return findSelection(selections, budgetBytes) ?? selections[0] ?? null;
}

const hasName = (wanted: { schema: string; name: string }) => (each: { schema: string; name: string }) =>
  each.schema === wanted.schema && each.name === wanted.name;

function findObstacle({ created, dropped }: WorkloadDocument, { engine }: WorkloadSelection): string | null {
  if (engine === 'statistics') return estimatedObstacle;
  return created.length + dropped.length > 0 ? changedObstacle : null;
}

export function toWorkloadView(
  document: WorkloadDocument,
  selection: WorkloadSelection,
  state: WorkloadView['connection']['state'],
): WorkloadView {
  const { statements, selections, created, dropped } = document;
  const { engine, engineNote, isComplete } = selection;
  const largest = Math.max(...selections.map(({ recommendations }) => sumSizeBytes(recommendations)));
  const summaries = selections.map((each) => summarizeSelection(each, statements));
  return {
    title: document.title,
    connection: { ...document.connection, state },
    server: document.server,
    database: document.database,
    serverVersion: document.serverVersion,
    role: document.role,
    madeAt: document.madeAt,
    notes: document.notes,
    ...{ engine, engineNote, isComplete },
    grade: selection.recommendations[0]?.evidence ?? (engine === 'statistics' ? 'estimated' : 'planned'),
    areCallsCounted: statements.some(({ calls }) => calls !== null),
    summary: summarizeSelection(selection, statements),
    budget: {
      bytes: document.budgetBytes,
      maximumBytes: largest,
      obstacle: findObstacle(document, selection),
      known: summaries
        .map(({ sizeBytes, costAfter }) => ({ sizeBytes, costAfter }))
        .sort((a, b) => a.sizeBytes - b.sizeBytes),
    },
    indexes: selection.recommendations.map((each) => toShownIndex(each, created.some(hasName(toName(each))))),
    statements: selection.outcomes.flatMap((outcome, at) => {
      const statement = statements[at];
      if (statement === undefined) return [];
      const { costBefore, costAfter, reason } = outcome;
      const { id, calls, source } = statement;
      return [{ id, calls, place: toPlace(source), fate: findFate(outcome), costBefore, costAfter, reason }];
    }),
    drops: selection.drops
      .filter(({ regressions }) => regressions.length === 0)
      .map(({ schema, name, table, sizeBytes, scans }) => {
        const isDropped = dropped.some(hasName({ schema, name }));
        return { schema, name, table, sizeBytes, scans, isDropped };
      }),
    redundant: selection.redundant,
  };
}

export const toName = ({ index, name }: SelectedIndex) => ({ schema: index.schema, name });

function toShownIndex(recommendation: SelectedIndex, isCreated: boolean): ShownIndex {
  const { name, index, steps, undo, evidence, costBefore, costAfter, sizeBytes, write, why, ...rest } = recommendation;
  return {
    name,
    schema: index.schema,
    columns: describeIndexColumns(index),
    ...{ evidence, costBefore, costAfter, sizeBytes, why },
    writeRatio: write?.ratio ?? null,
    winnerCount: rest.winners.length,
    loserCount: rest.losers.length,
    makesRedundant: rest.makesRedundant,
    ddl: formatIndexScript(steps),
    undo: `${undo};`,
    isCreated,
  };
}

/** "orders.sql:12" */
function toPlace(source: WorkloadSource['source']): string | null {
  if (source === null) return null;
  const path = decodeURIComponent(/([^/]*)$/.exec(source.uri.replace(/[?#].*$/, ''))?.[1] ?? '');
  return `${path.replace(/^untitled:/, '')}:${source.start.line + 1}`;
}
