// The workspace's list of ignored findings. A file that can't be read ignores nothing, is said once, and is never
// written over.
import * as vscode from 'vscode';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { formatIgnoreList, ignoreFileName } from '../analysis/ignore-list';
import type { IgnoreEntry, IgnoreListReading } from '../analysis/parse-ignore-list';

export class IgnoreFile implements vscode.Disposable {
  readonly #parse: (text: string) => Promise<IgnoreListReading>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watcher: vscode.FileSystemWatcher;

  /** The file was changed, by us or by anybody. */
  readonly onDidChange = this.#changed.event;

  constructor(parse: (text: string) => Promise<IgnoreListReading>) {
    this.#parse = parse;
    this.#watcher = vscode.workspace.createFileSystemWatcher(`**/${ignoreFileName}`);
    const changed = () => {
      this.#changed.fire();
    };
    this.#watcher.onDidCreate(changed);
    this.#watcher.onDidChange(changed);
    this.#watcher.onDidDelete(changed);
  }

  /** Without a file nothing is ignored. */
  async read(): Promise<IgnoreListReading> {
    const uri = ignoreFileUri();
    if (uri === null) return { status: 'read', entries: [] };
    let bytes: Uint8Array;
    try {
      bytes = await vscode.workspace.fs.readFile(uri);
    } catch (error) {
      if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') {
        return { status: 'read', entries: [] };
      }
      return { status: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
    }
    return this.#parse(new TextDecoder().decode(bytes));
  }

  /** Writes what `change` makes of the entries. */
  async update(change: (entries: readonly IgnoreEntry[]) => readonly IgnoreEntry[]): Promise<void> {
    const uri = ignoreFileUri();
    if (uri === null) {
      throw new DatabaseFailure(
        'other',
        'There is no folder to keep the list of ignored findings in.',
        'Open a folder or a workspace first.',
      );
    }
    const reading = await this.read();
    if (reading.status === 'unreadable') {
      throw new DatabaseFailure(
        'other',
        `${ignoreFileName} can't be read, so it is left as it is. ${reading.reason}`,
        'Mend the file or delete it.',
      );
    }
    const text = formatIgnoreList(change(reading.entries));
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    this.#changed.fire();
  }

  async show(): Promise<void> {
    const uri = ignoreFileUri();
    if (uri !== null) await vscode.window.showTextDocument(uri);
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#changed.dispose();
  }
}

function ignoreFileUri(): vscode.Uri | null {
  const folder = vscode.workspace.workspaceFolders?.[0];
  return folder === undefined ? null : vscode.Uri.joinPath(folder.uri, ignoreFileName);
}
