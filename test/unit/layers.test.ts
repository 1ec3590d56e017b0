// The rules of .dependency-cruiser.cjs refuse what they are there to refuse. Each forbidden import is a file of its own
// in a copy of the folders' shape, so the real sources are not touched.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

const root = process.cwd();
// below the repository, so that packages are found
const project = path.join(root, 'out', `layers-${process.pid}`);

const forbidden: { file: string; imports: string; rule: string }[] = [
  { file: 'src/analysis/with-pg.ts', imports: 'pg', rule: 'analysis-is-pure' },
  { file: 'src/analysis/with-vscode.ts', imports: 'vscode', rule: 'analysis-is-pure' },
  { file: 'src/analysis/with-node.ts', imports: 'node:fs', rule: 'analysis-is-pure' },
  { file: 'src/analysis/with-database.ts', imports: '../database/session', rule: 'analysis-is-pure' },
  { file: 'src/analysis/plan/with-database.ts', imports: '../../database/session', rule: 'analysis-is-pure' },
  { file: 'src/database/with-vscode.ts', imports: 'vscode', rule: 'database-without-vscode' },
  { file: 'src/database/with-providers.ts', imports: '../providers/tree', rule: 'database-imports' },
  { file: 'src/providers/with-pg.ts', imports: 'pg', rule: 'providers-imports' },
  { file: 'src/providers/with-database.ts', imports: '../database/session', rule: 'providers-imports' },
  { file: 'src/webviews/panel-with-database.ts', imports: '../database/session', rule: 'webviews-imports' },
  { file: 'src/webviews/panel-with-app.ts', imports: './app/view', rule: 'webviews-imports' },
  { file: 'src/webviews/app/with-vscode.ts', imports: 'vscode', rule: 'webview-app-imports' },
  { file: 'src/webviews/app/with-panel.ts', imports: '../panel', rule: 'webview-app-imports' },
  { file: 'src/webviews/app/with-node.ts', imports: 'node:path', rule: 'webview-app-imports' },
];

const permitted: { file: string; imports: string }[] = [
  { file: 'src/analysis/with-zod.ts', imports: 'zod' },
  { file: 'src/database/with-pg.ts', imports: 'pg' },
  { file: 'src/database/with-analysis.ts', imports: '../analysis/plain' },
  { file: 'src/providers/with-vscode.ts', imports: 'vscode' },
  { file: 'src/providers/with-panel.ts', imports: '../webviews/panel' },
  { file: 'src/webviews/app/with-lit.ts', imports: 'lit' },
  { file: 'src/webviews/app/with-analysis.ts', imports: '../../analysis/plain' },
];

const targets = [
  'src/analysis/plain.ts',
  'src/database/session.ts',
  'src/providers/tree.ts',
  'src/webviews/panel.ts',
  'src/webviews/app/view.ts',
];

const reportSchema = z.object({
  summary: z.object({ violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })) }),
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(project, file)), { recursive: true });
  await writeFile(path.join(project, file), text);
}

/** Every violation as "file: rule". */
async function cruise(): Promise<Set<string>> {
  const program = path.join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const config = path.join(root, '.dependency-cruiser.cjs');
  const report = await new Promise<string>((resolve, reject) => {
    const args = [program, '--config', config, '--output-type', 'json', 'src'];
    execFile(process.execPath, args, { cwd: project, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      // with violations it ends with their number, and the report is complete all the same
      if (stdout === '') reject(error ?? new Error(stderr));
      else resolve(stdout);
    });
  });
  const { violations } = reportSchema.parse(JSON.parse(report)).summary;
  return new Set(violations.map(({ from, rule }) => `${from}: ${rule.name}`));
}

describe('import rules', () => {
  let violations: Set<string>;

  before(async () => {
    for (const file of targets) await write(file, 'export const value = 1;\n');
    for (const { file, imports } of [...forbidden, ...permitted]) {
      await write(file, `import * as other from '${imports}';\nexport const value = other;\n`);
    }
    for (const file of ['tsconfig.json', 'tsconfig.base.json']) {
      await copyFile(path.join(root, file), path.join(project, file));
    }
    violations = await cruise();
  });
  after(() => rm(project, { recursive: true, force: true }));

  for (const { file, imports, rule } of forbidden) {
    it(`refuse ${imports} in ${file}`, () => {
      assert.ok(violations.has(`${file}: ${rule}`), `${rule} among ${[...violations].join(', ')}`);
    });
  }

  it('let pass what each folder may import', () => {
    const refused = [...violations].filter((each) => permitted.some(({ file }) => each.startsWith(`${file}: `)));
    assert.deepEqual(
      // nobody imports these files, which is another rule's business
      refused.filter((each) => !each.endsWith(': no-orphans')),
      [],
    );
  });
});
