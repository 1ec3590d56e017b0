// DATABASE_URL in the workspace's .env files: offered to the user, never taken by itself, and not even looked at in a
// workspace that is not trusted.
import * as vscode from 'vscode';
import type { ConnectionSources } from './database-port';

/** By precedence as the common tools have it; examples and templates hold made-up values. */
const fileNames = ['.env.local', '.env.development', '.env'];

export interface FoundDatabaseUrl {
  file: vscode.Uri;
  url: string;
}

export async function findDatabaseUrls(sources: ConnectionSources): Promise<FoundDatabaseUrl[]> {
  if (!vscode.workspace.isTrusted) return [];
  const files = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) =>
    fileNames.map((name) => vscode.Uri.joinPath(uri, name)),
  );
  const found = await Promise.all(
    files.map(async (file): Promise<FoundDatabaseUrl[]> => {
      const text = await readText(file);
      const url = text === null ? null : await sources.findDatabaseUrl(text);
      return url === null ? [] : [{ file, url }];
    }),
  );
  return found.flat();
}

/** Whether one of them may hold a DATABASE_URL: asked at every start, so nothing is loaded for it. */
export async function hasDatabaseUrl(): Promise<boolean> {
  if (!vscode.workspace.isTrusted) return false;
  const files = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) =>
    fileNames.map((name) => vscode.Uri.joinPath(uri, name)),
  );
  const texts = await Promise.all(files.map(readText));
  return texts.some((text) => text !== null && /^\s*(export\s+)?DATABASE_URL\s*=\s*["'`]?postgres/m.test(text));
}

async function readText(file: vscode.Uri): Promise<string | null> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch {
    return null;
  }
}
