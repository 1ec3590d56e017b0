// Commands of the Indexes view.
import * as vscode from 'vscode';
import { quoteQualifiedName } from '../analysis/sql/identifiers';
import { toCreateIndex } from '../analysis/indexes/index-shape';
import type { SnapshotIndex } from '../analysis/snapshot';
import type { FailureReporter } from './failure-reporter';
import { askFilter } from './filter-box';
import type { HealthStore } from './health-store';
import type { IndexBuildCommands } from './index-build-commands';
import type { IndexesNode, IndexesView } from './indexes-view';
import { sayRowGone } from './tree-items';

export interface IndexesCommandsParts {
  health: HealthStore;
  view: IndexesView;
  builds: Pick<IndexBuildCommands, 'drop'>;
  reporter: FailureReporter;
  /** Shows the row of a table in the Tables view. */
  revealTable: (schema: string, name: string) => Promise<void>;
}

export class IndexesCommands {
  readonly #parts: IndexesCommandsParts;

  constructor(parts: IndexesCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const { health, view, reporter, revealTable } = this.#parts;
    const command = (name: string, run: () => Promise<void> | void) =>
      vscode.commands.registerCommand(`pgInsight.indexes.${name}`, () => reporter.guard(async () => run()));
    const onIndex = (name: string, run: (index: SnapshotIndex) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.index.${name}`, (node: unknown) =>
        reporter.guard(async () => {
          if (isIndexesNode(node) && node.kind === 'index') await run(node.node.index);
          else sayRowGone();
        }),
      );
    return [
      command('refresh', () => health.refresh()),
      command('filter', () =>
        askFilter(view, {
          title: 'Filter Indexes',
          prompt: 'Parts of schema, index and table, separated by spaces; * stands for anything. Empty shows all.',
          placeholder: 'orders customer*',
        }),
      ),
      command('clearFilter', () => {
        view.setFilter('');
      }),
      command('groupByFinding', () => {
        view.setGrouping('finding');
      }),
      command('groupByTable', () => {
        view.setGrouping('table');
      }),
      onIndex('copyName', ({ schema, name }) => copy(quoteQualifiedName(schema, name), 'Name')),
      onIndex('copyDdl', (index) => copy(`${toCreateIndex(index)}\n`, 'DDL')),
      onIndex('revealTable', ({ schema, tableName }) => revealTable(schema, tableName)),
      onIndex('drop', (index) => this.#drop(index)),
    ];
  }

  async #drop({ oid, schema, name }: SnapshotIndex): Promise<void> {
    const { health, builds } = this.#parts;
    if (health.session === null) return;
    await builds.drop(health.session, { indexes: [{ oid, schema, name, mustBeInvalid: false }], keep: [] });
  }
}

async function copy(text: string, what: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(check) ${what} copied`, 2_000);
}

function isIndexesNode(node: unknown): node is IndexesNode {
  return typeof node === 'object' && node !== null && 'kind' in node;
}
