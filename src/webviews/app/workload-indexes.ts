// The indexes of an advice: what each would do in one line, why and how below it, and what can be done with it.
import { html, nothing, type TemplateResult } from 'lit';
import { formatBytes, formatCompactCount, formatQuantity, formatRatio } from '../../analysis/format/numbers';
import { describeSaving } from '../../analysis/index-advice/text/describe-saving';
import type { ShownIndex, WorkloadView, WorkloadViewRequest } from '../workload-protocol';
import { sendRequest } from './host';
import { icon } from './icon';

type IndexAction = Extract<WorkloadViewRequest, { type: 'index' }>['action'];

/** What is told of writes; less is nothing that anybody would notice. */
const minimumWriteRatio = 0.005;

export const formatCost = (cost: number) => formatCompactCount(cost < 10 ? Number(cost.toFixed(2)) : Math.round(cost));

const act = (action: IndexAction, index: ShownIndex | null) => () => {
  const name = index === null ? null : { schema: index.schema, name: index.name };
  sendRequest({ type: 'index', action, index: name });
};

const tools: readonly (readonly [Exclude<IndexAction, 'create'>, string, string])[] = [
  ['copy', 'copy', 'Copy DDL'],
  ['open', 'go-to-file', 'Open DDL in Editor'],
  ['migrate', 'save-as', 'Add as Migration File...'],
];

export function renderIndexes(view: WorkloadView, isBusy: boolean): TemplateResult {
  const { indexes, statements, connection } = view;
  const isIdle = !isBusy && connection.state !== 'removed';
  const open = indexes.filter(({ isCreated }) => !isCreated);
  return html`<section aria-labelledby="indexes-title" data-section="indexes">
    <div class="section-head">
      <h2 id="indexes-title">Indexes to create <span class="count">${indexes.length}</span></h2>
      ${
        indexes.length < 2
          ? nothing
          : html`${tools.map(([action, name, title]) => renderTool(name, `${title}: all`, act(action, null)))}
              <vscode-button
                data-action="create-all"
                ?disabled=${!isIdle || open.length === 0}
                @click=${act('create', null)}
                >Create All...</vscode-button
              >`
      }
    </div>
    ${
      indexes.length === 0
        ? html`<p class="note">
            ${
              view.budget.bytes !== null && view.budget.maximumBytes > 0
                ? 'No index that helps is as small as this budget. Move the slider to the right.'
                : statements.every(({ fate }) => fate === 'unknown')
                  ? 'None of the statements could be advised: the reasons stand below.'
                  : 'No index is known that would make these statements noticeably cheaper. Plans of single statements (Explain) may show other causes.'
            }
          </p>`
        : html`<ul class="indexes">
            ${indexes.map((index) => renderIndex(index, isIdle))}
          </ul>`
    }
  </section>`;
}

function renderTool(name: string, title: string, onClick: () => void): TemplateResult {
  return html`<button class="tool" type="button" title=${title} aria-label=${title} @click=${onClick}>
    ${icon(name)}
  </button>`;
}

function renderIndex(index: ShownIndex, isIdle: boolean): TemplateResult {
  const { schema, name, columns, evidence, costBefore, costAfter, sizeBytes, writeRatio, isCreated } = index;
  const { winnerCount, loserCount } = index;
  const facts = [
    `${evidence} cost ${formatCost(costBefore)} → ${formatCost(costAfter)} (${describeSaving(costBefore, costAfter)})`,
    ...(sizeBytes === null ? [] : [`about ${formatBytes(sizeBytes)}`]),
    `helps ${formatQuantity(winnerCount, 'statement')}`,
    ...(loserCount === 0 ? [] : [`makes ${formatQuantity(loserCount, 'statement')} dearer`]),
    ...(writeRatio === null || writeRatio < minimumWriteRatio
      ? []
      : [`writes to the table cost ${formatRatio(writeRatio)} more`]),
  ];
  return html`<li class="index" data-index=${name} data-created=${isCreated}>
    <div class="index-head">
      <div class="index-title">
        <h3>${icon(isCreated ? 'pass-filled' : 'lightbulb')}<span>${columns}</span></h3>
        <p class="muted">${facts.join(' · ')}</p>
      </div>
      <div class="index-tools">
        ${tools.map(([action, symbol, title]) => renderTool(symbol, `${title}: ${name}`, act(action, index)))}
        ${
          isCreated
            ? html`<vscode-button
                secondary
                data-action="undo"
                title="Drop ${name} again"
                ?disabled=${!isIdle}
                @click=${() => {
                  sendRequest({ type: 'undo', schema, name });
                }}
                >Undo...</vscode-button
              >`
            : html`<vscode-button
                secondary
                data-action="create"
                title="Create ${name}"
                ?disabled=${!isIdle}
                @click=${act('create', index)}
                >Create...</vscode-button
              >`
        }
      </div>
    </div>
    <details>
      <summary>Why, and how</summary>
      <ul class="why">
        ${index.why.map((reason) => html`<li>${reason}</li>`)}
        ${index.makesRedundant.map((each) => html`<li>It does all that ${each} does, which could go.</li>`)}
      </ul>
      <pre>${index.ddl}</pre>
      <p class="muted">To take it back: <code>${index.undo}</code></p>
    </details>
  </li>`;
}
