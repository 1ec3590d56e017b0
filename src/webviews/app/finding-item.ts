// One finding: what it says, what it rests on and what mends it. Shown in the list of findings and in a node's details.
import { html, nothing, type TemplateResult } from 'lit';
import { formatValue } from '../../analysis/format/numbers';
import type { Evidence, Finding, SuggestedFix } from '../../analysis/finding';
import type { AdvisedIndex } from './advised-finding';
import { icon } from './icon';
import { severityIcon, severityWord } from './severity';

export interface FindingActions {
  copyFix: (finding: Finding) => void;
  /** The advised index, in place of the general advice; absent where none is. */
  createIndex: AdvisedIndex | null;
  /** What the finding is about, and how to get there; absent where it is already shown. */
  place?: { label: string; show: () => void };
}

export function renderFinding(finding: Finding, { copyFix, createIndex, place }: FindingActions): TemplateResult {
  const { severity, message, advice, evidence, fix } = finding;
  const link = place && html`<button class="link" type="button" @click=${place.show}>${place.label}</button>`;
  return html`
    <div class="finding-head severity-${severity}">
      ${icon(severityIcon(severity))}<span class="finding-severity">${severityWord(severity)}</span>
      <span class="finding-message">${message}</span>
    </div>
    <div class="finding-body">
      ${
        createIndex === null
          ? advice === undefined
            ? nothing
            : html`<p class="advice">${advice}</p>`
          : renderAdvised(createIndex)
      }
      <div class="finding-meta">${link ?? nothing}<span class="muted">${finding.ruleId}</span></div>
      ${evidence.length === 0 ? nothing : renderEvidence(evidence)}
      ${
        fix === undefined
          ? nothing
          : renderFix(fix, () => {
              copyFix(finding);
            })
      }
    </div>
  `;
}

function renderAdvised({ missingIndex, run }: AdvisedIndex): TemplateResult {
  return html`<p class="advice">${missingIndex.advice}</p>
    <p class="advice-action">
      <vscode-button icon="lightbulb" data-action="create-index" @click=${run}
        >Create Index on ${missingIndex.columns}...</vscode-button
      >
    </p>`;
}

function renderEvidence(evidence: readonly Evidence[]): TemplateResult {
  return html`<dl class="evidence">
    ${evidence.map(
      ({ label, value, unit, grade }) =>
        html`<div title="Evidence: ${grade}">
          <dt>${label}</dt>
          <dd>${formatValue(value, unit)}</dd>
        </div>`,
    )}
  </dl>`;
}

function renderFix({ title, sql, risk }: SuggestedFix, copyFix: () => void): TemplateResult {
  return html`<div class="fix">
    <div class="fix-head">
      <span>${title}</span>
      <button class="toolbar-button" type="button" title="Copy SQL" aria-label="Copy SQL" @click=${copyFix}>
        ${icon('copy')}
      </button>
    </div>
    <pre class="code-block">${sql}</pre>
    <p class="muted">${risk}</p>
  </div>`;
}
