// The slider for the storage that indexes may take, with the cost that is known to be left at each size.
import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatBytes, formatRatio } from '../../analysis/format/numbers';
import type { WorkloadView } from '../workload-protocol';
import { sendRequest } from './host';

/** Percent of what all worthwhile indexes take. The last step is no budget at all. */
const lastStep = 100;

const toBytes = (percent: number, { maximumBytes }: WorkloadView['budget']) =>
  percent >= lastStep ? null : Math.round((maximumBytes * percent) / lastStep);

function toPercent({ bytes, maximumBytes }: WorkloadView['budget']): number {
  return bytes === null || maximumBytes === 0 ? lastStep : Math.min(lastStep, (bytes / maximumBytes) * lastStep);
}

export function renderBudget(
  view: WorkloadView,
  moved: number | null,
  isBusy: boolean,
  onMove: (percent: number) => void,
): TemplateResult | typeof nothing {
  const { budget, summary, connection } = view;
  if (budget.maximumBytes === 0) return nothing;
  const percent = moved ?? toPercent(budget);
  const bytes = moved === null ? budget.bytes : toBytes(moved, budget);
  const text =
    bytes === null
      ? `No limit: all that is worth it, about ${formatBytes(budget.maximumBytes)}`
      : `At most ${formatBytes(bytes)} of ${formatBytes(budget.maximumBytes)}`;
  const obstacle = budget.obstacle ?? (connection.state === 'removed' ? 'The connection was removed.' : null);
  return html`<section class="budget" aria-labelledby="budget-title" data-section="budget">
    <h2 id="budget-title">Storage budget</h2>
    ${renderCurve(budget, summary.costBefore, percent)}
    <input
      type="range"
      min="0"
      max=${lastStep}
      step="1"
      .value=${String(percent)}
      aria-labelledby="budget-title"
      aria-valuetext=${text}
      ?disabled=${isBusy || obstacle !== null}
      @input=${(event: Event) => {
        onMove(Number((event.target as HTMLInputElement).value));
      }}
      @change=${(event: Event) => {
        const value = Number((event.target as HTMLInputElement).value);
        sendRequest({ type: 'set-budget', budgetBytes: toBytes(value, budget) });
      }}
    />
    <p class="budget-text" role="status">
      <span data-budget=${bytes ?? 'none'}>${text}</span>
      <span class="muted">
        ${
          moved === null
            ? `These indexes take about ${formatBytes(summary.sizeBytes)} and leave ${formatRatio(summary.costBefore === 0 ? 1 : summary.costAfter / summary.costBefore)} of the cost.`
            : ''
        }
      </span>
    </p>
    ${obstacle === null ? nothing : html`<p class="note">${obstacle}</p>`}
  </section>`;
}

/** Steps from set to set: cost that is left over size. The sentence below says the figures. */
function renderCurve(
  { known, maximumBytes }: WorkloadView['budget'],
  costBefore: number,
  percent: number,
): TemplateResult {
  const toX = (sizeBytes: number) => (sizeBytes / maximumBytes) * 100;
  const toY = (cost: number) => 2 + (costBefore === 0 ? 0 : 1 - cost / costBefore) * 36;
  let [path, last] = [`M0 ${toY(costBefore)}`, costBefore];
  for (const { sizeBytes, costAfter } of known) {
    // a smaller set may do for less what a larger one does
    if (costAfter > last) continue;
    path += ` H${toX(sizeBytes)} V${toY(costAfter)}`;
    last = costAfter;
  }
  path += ' H100';
  return html`<svg class="curve" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class="within" width=${percent} height="40"></rect><path d=${path}></path>`}
  </svg>`;
}
