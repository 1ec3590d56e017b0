// Commands of the Findings view. None of them changes a server: a fix is copied or opened, and run by the user.
import * as vscode from 'vscode';
import type { Finding, ObjectRef } from '../analysis/finding';
import { formatFixDocument, type FixTarget } from '../analysis/fix-document';
import { formatObjectName } from '../analysis/format/object-name';
import { formatQuantity } from '../analysis/format/numbers';
import { ignoreFileName, isIgnoredBy } from '../analysis/ignore-list';
import type { IgnoreEntry } from '../analysis/parse-ignore-list';
import type { FailureReporter } from './failure-reporter';
import { showFixDocument } from './fix-document';
import type { FindingsNode, FindingsView } from './findings-view';
import type { HealthStore } from './health-store';
import type { IgnoreFile } from './ignore-file';
import { sayRowGone } from './tree-items';

export interface FindingsCommandsParts {
  health: HealthStore;
  view: Pick<FindingsView, 'showMore'>;
  ignoreFile: IgnoreFile;
  reporter: FailureReporter;
  extensionUri: vscode.Uri;
  /** Shows the row of an object in its view. */
  reveal: (subject: ObjectRef) => Promise<void>;
}

/** The report view does the same for its own findings. */
export async function copyFix({ fix }: Finding): Promise<void> {
  if (fix === undefined) return;
  await vscode.env.clipboard.writeText(`${fix.sql.trimEnd()}\n`);
  vscode.window.setStatusBarMessage('$(check) SQL of the fix copied', 2_000);
}

export async function openFix(finding: Finding, target: FixTarget): Promise<void> {
  if (finding.fix === undefined) return;
  const content = formatFixDocument(finding, finding.fix, target);
  await showFixDocument(`${finding.ruleId} ${formatObjectName(finding.subject)}`, content);
}

export async function showRuleDocumentation(extensionUri: vscode.Uri, ruleId: string): Promise<void> {
  const page = vscode.Uri.joinPath(extensionUri, 'docs', 'rules', `${ruleId}.md`);
  await vscode.commands.executeCommand('markdown.showPreview', page);
}

export class FindingsCommands {
  readonly #parts: FindingsCommandsParts;

  constructor(parts: FindingsCommandsParts) {
    this.#parts = parts;
  }

  register(): vscode.Disposable[] {
    const { extensionUri, health, view, ignoreFile, reporter, reveal } = this.#parts;
    const command = (name: string, run: () => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.${name}`, () => reporter.guard(run));
    const onFinding = (name: string, run: (finding: Finding) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.finding.${name}`, (node: unknown) =>
        reporter.guard(async () => {
          const finding = toFinding(node);
          if (finding === null) sayRowGone();
          else await run(finding);
        }),
      );
    return [
      command('findings.refresh', () => health.refresh()),
      command('ignoreList.open', () => ignoreFile.show()),
      vscode.commands.registerCommand('pgInsight.findings.showMore', (node: unknown) => {
        if (isFindingsNode(node) && node.kind === 'more') view.showMore(node.severity);
      }),
      onFinding('copyFix', copyFix),
      onFinding('openFix', async (finding) => {
        if (health.state.state === 'available') await openFix(finding, health.state.report.server);
      }),
      onFinding('showDocumentation', ({ ruleId }) => showRuleDocumentation(extensionUri, ruleId)),
      vscode.commands.registerCommand('pgInsight.rule.showDocumentation', (node: unknown) =>
        reporter.guard(async () => {
          if (isFindingsNode(node) && node.kind === 'notChecked') {
            await showRuleDocumentation(extensionUri, node.outcome.ruleId);
          } else {
            sayRowGone();
          }
        }),
      ),
      onFinding('reveal', ({ subject }) => reveal(subject)),
      onFinding('ignore', (finding) => this.#ignore(finding)),
      onFinding('unignore', (finding) => this.#unignore(finding)),
    ];
  }

  async #ignore(finding: Finding): Promise<void> {
    const object = formatObjectName(finding.subject);
    const { ruleId: rule, fingerprint } = finding;
    const choices: (vscode.QuickPickItem & { entry: (reason: string) => IgnoreEntry })[] = [
      {
        label: 'This Finding',
        description: fingerprint,
        entry: (reason) => ({ fingerprint, reason }),
      },
      {
        label: 'This Rule on This Object',
        description: `${rule} on ${object}`,
        entry: (reason) => ({ rule, object, reason }),
      },
      { label: 'This Rule Everywhere', description: rule, entry: (reason) => ({ rule, reason }) },
      { label: 'Everything about This Object', description: object, entry: (reason) => ({ object, reason }) },
    ];
    const choice = await vscode.window.showQuickPick(choices, {
      title: 'Ignore Finding (1/2)',
      placeHolder: `What to ignore from now on, in ${ignoreFileName}`,
    });
    if (choice === undefined) return;
    const reason = await vscode.window.showInputBox({
      title: 'Ignore Finding (2/2)',
      prompt: 'Why: others will want to know',
      placeHolder: 'The yearly report needs it',
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? 'A reason is needed.' : null),
    });
    if (reason === undefined) return;
    await this.#parts.ignoreFile.update((entries) => [...entries, choice.entry(reason.trim())]);
  }

  /** An entry may cover more than this finding: then the user is asked, for all of it comes back. */
  async #unignore(finding: Finding): Promise<void> {
    const { health, ignoreFile } = this.#parts;
    const reading = await ignoreFile.read();
    const { state } = health;
    if (reading.status === 'read' && state.state === 'available') {
      const covering = reading.entries.filter((entry) => isIgnoredBy(finding, entry));
      const others = state.report.ignored.filter(
        (each) =>
          each.finding.fingerprint !== finding.fingerprint &&
          covering.some((entry) => isIgnoredBy(each.finding, entry)),
      ).length;
      if (others > 0) {
        const show = 'Show All of Them';
        const chosen = await vscode.window.showWarningMessage(
          `The list ignores ${formatQuantity(others, 'other finding')} by the same entry.`,
          { modal: true, detail: `Without it all of them are shown again. ${ignoreFileName} is changed.` },
          show,
        );
        if (chosen !== show) return;
      }
    }
    await ignoreFile.update((entries) => entries.filter((entry) => !isIgnoredBy(finding, entry)));
  }
}

function isFindingsNode(node: unknown): node is FindingsNode {
  return typeof node === 'object' && node !== null && 'kind' in node;
}

function toFinding(node: unknown): Finding | null {
  if (!isFindingsNode(node)) return null;
  switch (node.kind) {
    case 'finding':
    case 'evidence':
    case 'advice':
    case 'fix':
      return node.finding;
    default:
      return null;
  }
}
