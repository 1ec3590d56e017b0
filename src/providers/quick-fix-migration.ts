// A missing index as a file of the project's migrations: which folder, and a name as the files that are there have it.
import * as vscode from 'vscode';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { formatIndexMigration, formatIndexScript, type IndexScript } from '../analysis/index-advice/index-ddl';
import { separator } from './quick-steps';

/** Where migration tools keep their files, without what they build or install. */
const folderPattern = '**/{migrations,migrate,migration}/**/*.sql';
const excludePattern = '**/{node_modules,vendor,dist,out,build,target,.git}/**';
const mostFiles = 500;
const ownFolder = 'migrations';

/** A file to write, its path relative to the folder of migrations. */
export interface MigrationFile {
  path: string;
  text: string;
}

/** A number of this many digits counts; a longer one is a time. */
const longestCounter = 6;

/**
 * Named as the tool of these files wants it: Flyway (V1__x.sql), golang-migrate (1_x.up.sql with 1_x.down.sql), Prisma
 * (1_x/migration.sql), a counter or a time before the name.
 */
export function toMigrationFiles(
  existing: readonly string[],
  script: IndexScript,
  reasons: readonly string[],
  now: Date,
): MigrationFile[] {
  const name = `create_${script.name.replaceAll(/[^\p{L}\p{N}_]+/gu, '_')}`;
  const number = nextNumber(existing, now);
  const text = formatIndexMigration(script, reasons);
  if (existing.some((path) => /(?:^|\/)V[\d._]+__[^/]+\.sql$/.test(path))) {
    return [{ path: `V${number}__${name}.sql`, text }];
  }
  if (existing.some((path) => path.endsWith('.up.sql'))) {
    return [
      { path: `${number}_${name}.up.sql`, text },
      { path: `${number}_${name}.down.sql`, text: `${formatIndexScript([script.undo])}\n` },
    ];
  }
  if (existing.some((path) => path.endsWith('/migration.sql'))) {
    return [{ path: `${number}_${name}/migration.sql`, text }];
  }
  return [{ path: `${number}_${name}.sql`, text }];
}

/** The next one where files are counted, with as many digits; else the time in UTC: "20260729101500". */
function nextNumber(existing: readonly string[], now: Date): string {
  const numbers = existing.flatMap((path) => /^V?(\d+)_/.exec(path)?.[1] ?? []);
  const counters = numbers.filter((digits) => digits.length <= longestCounter);
  if (counters.length > 0 && counters.length === numbers.length) {
    const width = Math.max(...counters.map((digits) => digits.length));
    return String(Math.max(...counters.map(Number)) + 1).padStart(width, '0');
  }
  return now.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}

/** Writes the files and opens the first. False when the user gave up. */
export async function addMigration(
  document: { uri: vscode.Uri } | null,
  script: IndexScript,
  reasons: readonly string[],
): Promise<boolean> {
  const own = document === null ? undefined : vscode.workspace.getWorkspaceFolder(document.uri);
  const workspaceFolder = own ?? vscode.workspace.workspaceFolders?.[0];
  if (workspaceFolder === undefined) {
    // nowhere to write it: the user saves it where it belongs
    const content = formatIndexMigration(script, reasons);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'sql', content }));
    return true;
  }
  const folder = await chooseFolder(document, workspaceFolder.uri);
  if (folder === null) return false;
  const files = toMigrationFiles(await listFiles(folder), script, reasons, new Date());
  const uris = files.map(({ path }) => vscode.Uri.joinPath(folder, path));
  const edit = new vscode.WorkspaceEdit();
  for (const [index, uri] of uris.entries()) {
    edit.createFile(uri, { overwrite: false, contents: new TextEncoder().encode(files[index]?.text ?? '') });
  }
  if (!(await vscode.workspace.applyEdit(edit))) {
    throw new DatabaseFailure(
      'other',
      `${vscode.workspace.asRelativePath(uris[0] ?? folder)} could not be written.`,
      'See whether a file of this name is there already, or choose another folder.',
    );
  }
  const [first] = uris;
  if (first !== undefined) await vscode.window.showTextDocument(first, { preview: false });
  return true;
}

/** The configured folder, else one that has migrations, as the user says; null when there was no answer. */
async function chooseFolder(document: { uri: vscode.Uri } | null, root: vscode.Uri): Promise<vscode.Uri | null> {
  const configured = vscode.workspace
    .getConfiguration('pgInsight.advice', document?.uri ?? root)
    .get<string>('migrationsFolder', '')
    .trim();
  if (configured !== '') return vscode.Uri.joinPath(root, configured);
  const found = await findFolders(root);
  const other = { label: '$(folder-opened) Other Folder...', uri: null };
  const toItem = (path: string, description: string) => ({
    label: `$(folder) ${path}`,
    description,
    uri: vscode.Uri.joinPath(root, path),
  });
  const items = [
    ...(found.length === 0
      ? [toItem(ownFolder, 'a new folder')]
      : [separator('folders with migrations'), ...found.map((path) => toItem(path, '')), separator('other')]),
    other,
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Add as Migration File',
    placeHolder: 'Which folder? The setting pgInsight.advice.migrationsFolder answers this for good.',
  });
  if (chosen === undefined || !('uri' in chosen)) return null;
  if (chosen.uri !== null) return chosen.uri;
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: 'Folder for the Migration File',
      openLabel: 'Add Here',
      defaultUri: root,
      canSelectFiles: false,
      canSelectFolders: true,
    })) ?? [];
  return picked ?? null;
}

/** Relative to the workspace: what is called after migrations and holds SQL files, the fewest levels down first. */
async function findFolders(root: vscode.Uri): Promise<string[]> {
  const files = await vscode.workspace.findFiles(
    new vscode.RelativePattern(root, folderPattern),
    excludePattern,
    mostFiles,
  );
  const folders = files.flatMap((file) => {
    const path = file.path.slice(root.path.length + 1);
    return /^(?:.*\/)?(?:migrations|migrate|migration)(?=\/)/.exec(path)?.[0] ?? [];
  });
  return [...new Set(folders)].sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1));
}

/** Paths below the folder; none when it is not there yet. */
async function listFiles(folder: vscode.Uri): Promise<string[]> {
  const files = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, '**/*.sql'), null, mostFiles);
  return files.map(({ path }) => path.slice(folder.path.length + 1));
}
