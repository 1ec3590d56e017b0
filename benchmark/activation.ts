// Runs inside the extension host: what VS Code itself has measured of the activation, and what it costs in memory.
import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { activationFileVariable, type Activation } from './activation-result';

const extensionId = 'pg-insight.pg-insight';
const waitMs = 500;
const attempts = 60;

/** VS Code's "Startup Performance" page has a line for each extension: id, at startup, load, call activate, finish, event. */
async function readActivationTimes(): Promise<number[] | null> {
  await vscode.commands.executeCommand('perfview.show');
  const page = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'perf');
  const line = page
    ?.getText()
    .split('\n')
    .find((each) => each.startsWith('|') && each.includes(extensionId));
  return (
    line
      ?.split('|')
      .map((cell) => Number.parseFloat(cell))
      .filter(Number.isFinite) ?? null
  );
}

describe('activation', () => {
  it('is measured by VS Code', async function () {
    this.timeout(attempts * waitMs * 2);
    const memoryBeforeBytes = process.memoryUsage.rss();
    await vscode.extensions.getExtension(extensionId)?.activate();
    const memoryAfterBytes = process.memoryUsage.rss();
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const [loadMs, activateMs] = (await readActivationTimes()) ?? [];
      if (loadMs !== undefined && activateMs !== undefined) {
        const result: Activation = { loadMs, activateMs, memoryBeforeBytes, memoryAfterBytes };
        writeFileSync(process.env[activationFileVariable] ?? '', JSON.stringify(result));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    throw new Error('VS Code told no activation times.');
  });
});
