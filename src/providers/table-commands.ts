// Commands of the Tables view.
import * as vscode from 'vscode';
import { formatBytes } from '../analysis/format/numbers';
import { runCancellable } from './cancellable';
import type { FailureReporter } from './failure-reporter';
import { askFilter } from './filter-box';
import { quoteName, quoteQualifiedName } from '../analysis/sql/identifiers';
import type { TablesNode } from './tables-view';
import type { TablesStore } from './tables-store';
import { sayRowGone } from './tree-items';

export class TableCommands {
  readonly #store: TablesStore;
  readonly #reporter: FailureReporter;

  constructor(store: TablesStore, reporter: FailureReporter) {
    this.#store = store;
    this.#reporter = reporter;
  }

  register(): vscode.Disposable[] {
    const command = (name: string, run: (argument: unknown) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.${name}`, (argument?: unknown) =>
        this.#reporter.guard(() => run(argument)),
      );
    const onRow = (name: string, run: (node: TablesNode) => Promise<void>) =>
      command(name, async (node) => {
        if (isTablesNode(node)) await run(node);
        else sayRowGone();
      });
    return [
      command('tables.refresh', () => this.#store.refresh()),
      command('tables.filter', () =>
        askFilter(this.#store, {
          title: 'Filter Tables',
          prompt: 'Parts of schema.table, separated by spaces; * stands for anything. Empty shows all.',
          placeholder: 'public order*',
        }),
      ),
      command('tables.clearFilter', () => {
        this.#store.setFilter('');
        return Promise.resolve();
      }),
      onRow('object.copyName', (node) => copy(toName(node), 'Name')),
      onRow('object.copyDdl', async (node) => copy(await this.#readDdl(node), 'DDL')),
      command('table.measureSize', async (argument) => {
        const oid = typeof argument === 'number' ? argument : isTablesNode(argument) ? toOid(argument) : null;
        if (oid === null) sayRowGone();
        else await this.#measure(oid);
      }),
    ];
  }

  async #measure(oid: number): Promise<void> {
    const sizes = await runCancellable('Measuring the table', (signal) => this.#store.measure(oid, signal));
    vscode.window.setStatusBarMessage(
      `$(dashboard) ${formatBytes(sizes.totalBytes)}: table ${formatBytes(sizes.heapBytes)}, TOAST ${formatBytes(sizes.toastBytes)}, indexes ${formatBytes(sizes.indexBytes)}`,
      10_000,
    );
  }

  async #readDdl(node: TablesNode): Promise<string | null> {
    switch (node.kind) {
      case 'table': {
        const { oid } = node.node.table;
        const { session } = this.#store;
        if (session === null) return null;
        return runCancellable('Reading the DDL', (signal) => session.captureTableDdl(oid, signal));
      }
      case 'index':
        return `${node.index.definition};\n`;
      case 'foreignKey': {
        const table = quoteQualifiedName(node.table.schema, node.table.name);
        const { name, definition } = node.foreignKey;
        return `ALTER TABLE ${table} ADD CONSTRAINT ${quoteName(name)} ${definition};\n`;
      }
      default:
        return null;
    }
  }
}

function toName(node: TablesNode): string | null {
  switch (node.kind) {
    case 'schema':
      return quoteName(node.node.schema);
    case 'table':
      return quoteQualifiedName(node.node.table.schema, node.node.table.name);
    case 'column':
      return quoteName(node.column.name);
    case 'index':
      return quoteQualifiedName(node.index.schema, node.index.name);
    case 'foreignKey':
      return quoteName(node.foreignKey.name);
    default:
      return null;
  }
}

function toOid(node: TablesNode): number | null {
  return node.kind === 'table' ? node.node.table.oid : null;
}

async function copy(text: string | null, what: string): Promise<void> {
  if (text === null) return;
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(check) ${what} copied`, 2_000);
}

function isTablesNode(node: unknown): node is TablesNode {
  return typeof node === 'object' && node !== null && 'kind' in node;
}
