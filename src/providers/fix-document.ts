// The fix of a finding as a page to read and copy from. An untitled document would ask to be saved when it is closed; a
// page of a scheme of its own does not. Its text is in its address, so that it is there again after a reload.
import * as vscode from 'vscode';

const scheme = 'pg-insight-fix';

export function registerFixDocuments(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: ({ query }) => query,
  });
}

/** As the Markdown preview shows it. `name` is what its tab says. */
export async function showMarkdownPage(name: string, text: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme, path: `/${name.replaceAll(/[\\/]/g, '_')}.md`, query: text });
  await vscode.commands.executeCommand('markdown.showPreview', uri);
}

/** `name` is what its tab says. */
export async function showFixDocument(name: string, text: string): Promise<void> {
  const path = `/${name.replaceAll(/[\\/]/g, '_')}.sql`;
  await vscode.window.showTextDocument(vscode.Uri.from({ scheme, path, query: text }), { preview: true });
}
