// Documents of open views, in files of the extension's own storage: a window that is reloaded gets them back without
// asking a server. Only the id is kept in the webview, whose state is written at every click.
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type * as z from 'zod';

/** Views that were closed remove their document; those of windows that ended otherwise are what is over this. */
const mostDocuments = 40;
const suffix = '.json';

export class DocumentStore<Document> {
  private readonly folder: vscode.Uri;

  constructor(
    context: vscode.ExtensionContext,
    /** Name of its folder: one for each kind of view. */
    name: string,
    private readonly schema: z.ZodType<Document>,
    private readonly log: vscode.LogOutputChannel,
  ) {
    // a window without a folder has no storage of its own
    this.folder = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, name);
  }

  newId(): string {
    // begins with the time, so that names sort by age
    return `${Date.now().toString(36).padStart(9, '0')}-${randomUUID()}`;
  }

  /** A document that can't be kept is no failure: the view itself works, it only can't come back after a reload. */
  async save(id: string, document: Document): Promise<void> {
    try {
      await vscode.workspace.fs.createDirectory(this.folder);
      await vscode.workspace.fs.writeFile(this.fileOf(id), new TextEncoder().encode(JSON.stringify(document)));
      await this.removeOldest();
    } catch (error) {
      this.log.warn(`What a view shows could not be stored for the next start of the window: ${String(error)}`);
    }
  }

  /** Null when there is no such document, or none that this version of the extension can read. */
  async load(id: string): Promise<Document | null> {
    try {
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(this.fileOf(id)));
      return this.schema.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }

  async remove(id: string): Promise<void> {
    try {
      await vscode.workspace.fs.delete(this.fileOf(id));
    } catch {
      // it was never saved, or is gone already
    }
  }

  private fileOf(id: string): vscode.Uri {
    return vscode.Uri.joinPath(this.folder, `${id.replace(/[^\w-]/g, '')}${suffix}`);
  }

  private async removeOldest(): Promise<void> {
    const entries = await vscode.workspace.fs.readDirectory(this.folder);
    const names = entries.map(([name]) => name).filter((name) => name.endsWith(suffix));
    const old = names.sort().slice(0, Math.max(0, names.length - mostDocuments));
    await Promise.all(old.map((name) => this.remove(name.slice(0, -suffix.length))));
  }
}

/** The id that a view keeps as `documentId` of its state, which may be of an older version; null without. */
export function toDocumentId(state: unknown): string | null {
  if (typeof state !== 'object' || state === null || !('documentId' in state)) return null;
  return typeof state.documentId === 'string' ? state.documentId : null;
}
