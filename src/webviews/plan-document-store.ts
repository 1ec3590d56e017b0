// Documents of open plan views, in files of the extension's own storage: a window that is reloaded gets its plans back
// without asking a server. Only the id is kept in the webview, whose state is written at every click.
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { planDocumentSchema, type PlanDocument } from './protocol';

/** Views that were closed remove their document; those of windows that ended otherwise are what is over this. */
const mostDocuments = 40;
const suffix = '.json';

export class PlanDocumentStore {
  private readonly folder: vscode.Uri;

  constructor(context: vscode.ExtensionContext) {
    // a window without a folder has no storage of its own
    this.folder = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, 'plans');
  }

  newId(): string {
    // begins with the time, so that names sort by age
    return `${Date.now().toString(36).padStart(9, '0')}-${randomUUID()}`;
  }

  async save(id: string, document: PlanDocument): Promise<void> {
    await vscode.workspace.fs.createDirectory(this.folder);
    await vscode.workspace.fs.writeFile(this.fileOf(id), new TextEncoder().encode(JSON.stringify(document)));
    await this.removeOldest();
  }

  /** Null when there is no such document, or none that this version of the extension can read. */
  async load(id: string): Promise<PlanDocument | null> {
    try {
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(this.fileOf(id)));
      return planDocumentSchema.parse(JSON.parse(text));
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
