// Where the time went, as one bar of proportional parts with their numbers below. Without ANALYZE: the estimates.
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { formatMs, formatQuantity, formatRatio } from '../../analysis/format/numbers';
import type { Plan } from '../../analysis/plan/plan';
import { LightElement } from './light-element';
import { toTimeSegments } from './time-segments';

@customElement('time-strip')
export class TimeStrip extends LightElement {
  @property({ attribute: false }) plan!: Plan;

  protected override render(): TemplateResult {
    const { plan } = this;
    if (plan.executionMs === null) return this.renderEstimates();
    const segments = toTimeSegments(plan);
    return html`
      <div class="strip-bar" aria-hidden="true">
        ${segments.map(
          ({ id, label, ms, share }) =>
            html`<span
              class="segment segment-${id}"
              title="${label}: ${formatMs(ms)}, ${formatRatio(share)}"
              .style=${`flex-grow: ${share}`}
            ></span>`,
        )}
      </div>
      <ul class="strip-legend" aria-label="Time of the statement">
        <li
          class="strip-total"
          data-segment="execution"
          title="Execution time as the server measured it, without planning"
        >
          <span class="label">Execution</span> <span class="figure">${formatMs(plan.executionMs)}</span>
        </li>
        ${segments.map(
          ({ id, label, title, ms, share }) =>
            html`<li data-segment=${id} title="${title} (${formatRatio(share)})">
              <span class="swatch segment-${id}" aria-hidden="true"></span><span class="label">${label}</span>
              <span class="figure">${formatMs(ms)}</span>
            </li>`,
        )}
      </ul>
    `;
  }

  private renderEstimates(): TemplateResult {
    const [root] = this.plan.nodes;
    const { planningMs } = this.plan;
    return html`<ul class="strip-legend" aria-label="Estimates">
      <li data-segment="cost">
        <span class="label">Estimated cost</span> <span class="figure">${root?.totalCost?.toFixed(2) ?? '–'}</span>
      </li>
      <li data-segment="rows">
        <span class="label">Estimated result</span>
        <span class="figure">${formatQuantity(root?.plannedRows ?? null, 'row')}</span>
      </li>
      ${
        planningMs === null
          ? nothing
          : html`<li data-segment="planning">
              <span class="label">Planning</span> <span class="figure">${formatMs(planningMs)}</span>
            </li>`
      }
      <li class="muted" data-segment="not-run">Not run: the plan and its figures are estimates</li>
    </ul>`;
  }
}
