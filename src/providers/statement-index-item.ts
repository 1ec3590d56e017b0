// The row that says whether a statement lacks an index: the same below a slow query and below a finding about it.
import * as vscode from 'vscode';
import { describeGain, describeIndexColumns } from '../analysis/index-advice/text/describe-saving';
import type { AdvisedIndex } from './advised-index';
import type { StatementIndex, StatementIndexes } from './statement-indexes';
import { toTreeItem } from './tree-items';

/** What the commands of missing indexes are given. */
export interface StatementIndexRow {
  kind: 'missingIndex';
  /** Of the statement's row. */
  parentId: string;
  index: StatementIndex;
  /** Null while there is none. */
  advised: AdvisedIndex | null;
}

/** Has the index looked for when nobody has yet. Empty where it is switched off. */
export function toStatementIndexRows(
  indexes: StatementIndexes,
  parentId: string,
  queryId: string | null,
): StatementIndexRow[] {
  if (queryId === null) return [];
  indexes.look(queryId);
  const index = indexes.find(queryId);
  if (index === null) return [];
  return [{ kind: 'missingIndex', parentId, index, advised: index.status === 'missing' ? index.advised : null }];
}

export function toStatementIndexItem({ parentId, index }: StatementIndexRow): vscode.TreeItem {
  const { description, icon } = describe(index);
  const isMissing = index.status === 'missing';
  const item = toTreeItem(`${parentId}/missingIndex`, 'Missing index', vscode.TreeItemCollapsibleState.None, {
    description,
    icon: new vscode.ThemeIcon(icon),
    contextValue: isMissing ? 'missingIndex' : 'noMissingIndex',
  });
  item.tooltip = isMissing ? [description, ...index.advised.recommendation.why].join('\n\n') : description;
  return item;
}

function describe(index: StatementIndex): { description: string; icon: string } {
  switch (index.status) {
    case 'looking':
      return { description: 'looking...', icon: 'loading~spin' };
    case 'none':
      return { description: 'none is known that would help', icon: 'blank' };
    case 'not-possible':
      return { description: `not assessed: ${index.reason}`, icon: 'blank' };
    case 'missing': {
      const { recommendation, change } = index.advised;
      const gain = describeGain(recommendation.evidence, change, recommendation);
      return { description: `${describeIndexColumns(recommendation.index)} · ${gain}`, icon: 'lightbulb' };
    }
  }
}
