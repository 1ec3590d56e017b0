// Rows of a tree view.
import * as vscode from 'vscode';

export function toTreeItem(
  id: string,
  label: string,
  collapsibleState: vscode.TreeItemCollapsibleState,
  look: { description: string; icon: vscode.ThemeIcon; contextValue: string },
): vscode.TreeItem {
  const item = new vscode.TreeItem(label, collapsibleState);
  item.id = id;
  item.description = look.description;
  item.iconPath = look.icon;
  item.contextValue = look.contextValue;
  return item;
}

/** A row that only says something, in full when it is pointed at. */
export function toMessageItem(id: string, text: string, icon: vscode.ThemeIcon): vscode.TreeItem {
  const item = toTreeItem(`message/${id}`, text, vscode.TreeItemCollapsibleState.None, {
    description: '',
    icon,
    contextValue: 'message',
  });
  item.tooltip = text;
  return item;
}

/** VS Code hands a menu's command no row when the tree was read anew while its menu was open. */
export function sayRowGone(): void {
  void vscode.window.showInformationMessage('The list was just read anew: choose the row again.');
}
