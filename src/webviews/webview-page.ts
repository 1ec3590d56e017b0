// The page of a webview: a strict policy, two style sheets, one script. Nothing inline, so that a text of a plan or a
// database that found its way into the page as markup could neither run nor style anything.

export interface WebviewPage {
  title: string;
  /** The custom element that is the whole body. */
  element: string;
  /** What the webview's own resources are served from, as VS Code names it in policies. */
  cspSource: string;
  /** Made anew for every page. */
  nonce: string;
  scriptUri: string;
  styleUri: string;
  codiconsUri: string;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

export function formatWebviewPage(page: WebviewPage): string {
  const { cspSource, nonce } = page;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${escapeHtml(page.codiconsUri)}">
<link rel="stylesheet" href="${escapeHtml(page.styleUri)}">
</head>
<body>
<${page.element}></${page.element}>
<script type="module" nonce="${nonce}" src="${escapeHtml(page.scriptUri)}"></script>
</body>
</html>
`;
}
