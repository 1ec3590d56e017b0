// Files of the built product; gzip at its default level.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Figures } from './figures';

const files: Readonly<Record<string, string>> = {
  'extension.js': '< 700 KB each',
  'editor-engine.js': '',
  'advice-engine.js': '',
  'plan-engine.js': '',
  'cli.js': '',
  'node-sql-parser.js': '',
  'libpg-query.wasm': '',
  'webview/plan.js': '< 150 KB each',
  'webview/report.js': '',
  'webview/compare.js': '',
  'webview/plan.css': '',
};

export async function printSizes(figures: Figures, productFolder: string, vsix: string): Promise<void> {
  for (const [name, aim] of Object.entries(files)) {
    const content = await readFile(path.join(productFolder, 'dist', name));
    const packed = (gzipSync(content).length / 1000).toFixed(0);
    figures.fact(`${name} (gzip ${packed} KB)`, content.length / 1000, 'KB', aim);
  }
  figures.fact('.vsix', (await stat(vsix)).size / 1000, 'KB');
}
