// All findings as they are ranked, by the time at stake, each with a way to the node it is about.
import { html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Finding } from '../../analysis/finding';
import type { Plan } from '../../analysis/plan/plan';
import type { PlanMissingIndex } from '../protocol';
import { toCreateIndex } from './advised-finding';
import { renderFinding } from './finding-item';
import { LightElement } from './light-element';
import { nodeName } from './node-text';

@customElement('findings-list')
export class FindingsList extends LightElement {
  @property({ attribute: false }) plan!: Plan;
  @property({ attribute: false }) findings: readonly Finding[] = [];
  @property({ attribute: false }) missingIndex: PlanMissingIndex | null = null;
  @property({ type: Boolean }) analyzed = false;

  protected override render(): TemplateResult {
    if (this.findings.length === 0) {
      return html`<p class="empty-note">
        ${
          this.analyzed
            ? 'None of the checks found anything in this plan.'
            : 'None of the checks found anything in this plan. It was only planned: EXPLAIN ANALYZE measures and shows more.'
        }
      </p>`;
    }
    return html`<ul class="finding-list">
      ${this.findings.map(
        (finding) =>
          html`<li class="finding" data-rule=${finding.ruleId} data-severity=${finding.severity}>
            ${this.renderOne(finding)}
          </li>`,
      )}
    </ul>`;
  }

  private renderOne(finding: Finding): TemplateResult {
    const { subject } = finding;
    const node = subject.kind === 'plan-node' ? this.plan.nodes[subject.nodeId] : undefined;
    const copyFix = ({ fingerprint }: Finding) => {
      this.tell('copy-fix', fingerprint);
    };
    const createIndex = toCreateIndex(finding, this.plan, this.missingIndex, () => {
      this.tell('create-index');
    });
    if (node === undefined) return renderFinding(finding, { copyFix, createIndex });
    const show = () => {
      this.tell('show-node', node.id);
    };
    return renderFinding(finding, { copyFix, createIndex, place: { label: nodeName(node), show } });
  }
}
