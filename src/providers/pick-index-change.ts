// The list of "Undo Index Change...": what was created and dropped from this workspace, and what was taken back of it.
import * as vscode from 'vscode';
import type { ConnectionProfile } from '../analysis/connection/connection-profile';
import type { IndexChange } from './index-changes';
import { separator } from './quick-steps';

/** Null when the user does not want to, or there is none and that was said. */
export async function pickIndexChange(
  all: readonly IndexChange[],
  active: ConnectionProfile | null,
): Promise<IndexChange | null> {
  if (all.length === 0) {
    void vscode.window.showInformationMessage('No index was created or dropped from this workspace.');
    return null;
  }
  const toItems = (changes: readonly IndexChange[], heading: string) =>
    changes.length === 0 ? [] : [separator(heading), ...changes.map((change) => toItem(change, active))];
  const chosen = await vscode.window.showQuickPick<vscode.QuickPickItem & { change?: IndexChange }>(
    [
      ...toItems(
        all.filter(({ isUndo }) => !isUndo),
        'undo',
      ),
      ...toItems(
        all.filter(({ isUndo }) => isUndo),
        'undone',
      ),
    ],
    {
      title: 'Undo Index Change',
      placeHolder: 'What was created is dropped, what was dropped is built again. You are asked before.',
      matchOnDescription: true,
      matchOnDetail: true,
    },
  );
  return chosen?.change ?? null;
}

function toItem(change: IndexChange, active: ConnectionProfile | null): vscode.QuickPickItem & { change: IndexChange } {
  const { kind, isUndo, title, at, server, database, connection, profileId, sql } = change;
  const when = new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  const other = profileId === active?.id ? '' : `, another connection: "${connection}"`;
  const label = isUndo
    ? `$(redo) Redo: ${kind === 'dropped' ? 'create' : 'drop'} ${title}`
    : `$(discard) ${kind === 'created' ? 'Created' : 'Dropped'} ${title}`;
  return { label, description: `${database} on ${server}${other}`, detail: `${when}: ${sql}`, change };
}
