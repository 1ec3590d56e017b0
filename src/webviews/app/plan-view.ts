// The whole view: takes the host's messages, keeps what the user did, and passes requests on.
import type { VscodeSplitLayout } from '@vscode-elements/elements/dist/vscode-split-layout/vscode-split-layout.js';
import type { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/vscode-textfield.js';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { Finding } from '../../analysis/finding';
import type {
  CopyFormat,
  OpenedPlan,
  PlanDocument,
  PlanMissingIndex,
  PlanViewMessage,
  PlanViewRequest,
  UnreadablePlan,
} from '../protocol';
import './copy-menu';
import './findings-list';
import './flame-view';
import { loadState, onMessage, saveState, sendRequest } from './host';
import { icon } from './icon';
import './json-view';
import { LightElement } from './light-element';
import './plan-details';
import { renderOrigin } from './plan-header';
import type { PlanTree } from './plan-tree';
import './plan-tree';
import './raw-text';
import { findingsByNode } from './severity';
import './time-strip';
import { findMatches, isListed } from './tree-model';
import { newViewState, parseViewState, shapeOf, tabs, type Tab, type ViewState } from './view-state';

/** From this width on the details are beside the tree: narrower, its columns would lose too much. */
const besideFromPx = 1400;
/** How the room is divided until the user divides it, in percent for the tree: above the details no more than it needs. */
const defaultSplit = { beside: 70, aboveMost: 60, aboveLeast: 30 };
/** The height of the tree's rows, for how much of the room a small plan needs. */
const rowPx = 22;

type ReadPlan = PlanDocument | OpenedPlan;

@customElement('plan-view')
export class PlanView extends LightElement {
  @state() private document: ReadPlan | null = null;
  /** Instead of a document. */
  @state() private unreadable: UnreadablePlan | null = null;
  @state() private unavailable: string | null = null;
  @state() private running = false;
  @state() private view: ViewState = newViewState('', 0);
  @state() private isWide = false;

  @query('plan-tree') private readonly tree!: PlanTree | null;
  @query('.split') private readonly split!: VscodeSplitLayout | null;
  @state() private missingIndex: PlanMissingIndex | null = null;
  @query('.filter') private readonly filterField!: VscodeTextfield | null;

  private byNode: ReadonlyMap<number, Finding[]> = new Map();
  private statementFindings: Finding[] = [];
  private collapsed: ReadonlySet<number> = new Set();
  private matchCount: number | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    onMessage((message: PlanViewMessage) => {
      this.receive(message);
    });
    new ResizeObserver(() => {
      this.isWide = this.clientWidth >= besideFromPx;
    }).observe(this);
    window.addEventListener('keydown', this.onKeyDown);
    sendRequest({ type: 'ready' });
  }

  private receive(message: PlanViewMessage): void {
    switch (message.type) {
      case 'plan': {
        const { document, documentId } = message;
        this.unavailable = null;
        if (document.result === null) {
          this.document = null;
          this.unreadable = document;
          this.view = parseViewState(loadState(), documentId, 0);
        } else {
          this.document = document;
          this.unreadable = null;
          this.view = parseViewState(loadState(), documentId, shapeOf(document.result.plan));
          if (this.view.tab === 'text' && !hasText(document)) this.view.tab = 'plan';
        }
        saveState(this.view);
        break;
      }
      case 'unavailable':
        this.unavailable = message.reason;
        break;
      case 'missing-index':
        this.missingIndex = message.missingIndex;
        break;
      case 'running':
        this.running = message.running;
        break;
    }
  }

  private change(part: Partial<ViewState>): void {
    this.view = { ...this.view, ...part };
    saveState(this.view);
  }

  /** Kept without a new rendering: nothing but the next life of the page depends on it. */
  private keepScroll(treeTop: number): void {
    this.view.treeTop = treeTop;
    saveState(this.view);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.document === null) return;
    if (changed.has('document')) {
      const { findings } = this.document;
      this.byNode = findingsByNode(findings);
      this.statementFindings = findings.filter(({ subject }) => subject.kind !== 'plan-node');
    }
    if (changed.has('view')) this.collapsed = new Set(this.view.collapsed);
    this.matchCount = findMatches(this.document.result.plan.nodes, this.view.filter)?.size ?? null;
  }

  /** The layout measures itself before it has its place in the page, so it is told when it has. */
  private readonly splitResized = new ResizeObserver(() => {
    const { split, document, view } = this;
    if (split === null || document === null || split.clientHeight === 0) return;
    const percent = this.isWide
      ? (view.treeBeside ?? defaultSplit.beside)
      : (view.treeAbove ?? toSplitAbove(document.result.plan.nodes.length, split.clientHeight));
    split.handlePosition = `${percent}%`;
  });

  protected override updated(): void {
    if (this.split !== null) this.splitResized.observe(this.split);
  }

  protected override firstUpdated(): void {
    this.isWide = this.clientWidth >= besideFromPx;
  }

  private readonly onKeyDown = (event: KeyboardEvent) => {
    // the filter is one key away wherever the focus is, but in the tree, which handles its own keys
    if ((event.ctrlKey || event.metaKey) && event.key === 'f' && this.view.tab === 'plan') {
      event.preventDefault();
      this.focusFilter();
      return;
    }
    // a plan that has just opened has the window's focus, but nothing in it has the page's: its keys are the tree's
    if (event.target === document.body && this.view.tab === 'plan') this.tree?.takeKey(event);
  };

  private readonly focusFilter = () => {
    this.filterField?.focus();
    this.filterField?.wrappedElement.select();
  };

  private readonly onFilterInput = (event: Event) => {
    this.change({ filter: (event.target as VscodeTextfield).value });
  };

  private readonly onFilterKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') this.change({ filter: '' });
    else if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const { document } = this;
    // the first match is what was looked for
    const [first] = event.key === 'Escape' || document === null ? [] : (this.sortedMatches(document) ?? []);
    if (first !== undefined) this.change({ selectedNode: first });
    this.tree?.focusTree();
  };

  private sortedMatches(document: ReadPlan): number[] | null {
    const matches = findMatches(document.result.plan.nodes, this.view.filter);
    return matches === null ? null : [...matches].sort((a, b) => a - b);
  }

  private readonly onSplit = (event: CustomEvent<{ positionInPercentage: number }>) => {
    const percent = event.detail.positionInPercentage;
    this.change(this.isWide ? { treeBeside: percent } : { treeAbove: percent });
  };

  private async showNode(id: number): Promise<void> {
    this.change({ tab: 'plan', filter: '' });
    await this.updateComplete;
    // the tab's panel and the tree in it are rendered by themselves
    await new Promise(requestAnimationFrame);
    this.tree?.revealNode(id);
    this.tree?.focusTree();
  }

  private showTab(tab: Tab | undefined): void {
    if (tab !== undefined) this.change({ tab });
  }

  private readonly request = (request: PlanViewRequest) => () => {
    sendRequest(request);
  };

  protected override render(): TemplateResult {
    if (this.unavailable !== null) return html`<p class="empty-note" role="status">${this.unavailable}</p>`;
    if (this.unreadable !== null) return renderUnreadable(this.unreadable, this.request({ type: 'reveal-sql' }));
    if (this.document === null) return html`<p class="empty-note" role="status">Loading plan...</p>`;
    const { document } = this;
    const { findings, result, analyzed } = document;
    const { view } = this;
    return html`
      <div
        class="view"
        @copy-fix=${(event: CustomEvent<string>) => {
          sendRequest({ type: 'copy-fix', fingerprint: event.detail });
        }}
        @create-index=${this.request({ type: 'create-index' })}
        @copy-node=${(event: CustomEvent<number>) => {
          sendRequest({ type: 'copy-node', nodeId: event.detail });
        }}
        @show-node=${(event: CustomEvent<number>) => {
          void this.showNode(event.detail);
        }}
      >
        ${
          this.running
            ? html`<vscode-progress-bar
                class="progress"
                indeterminate
                aria-label="Running the statement"
              ></vscode-progress-bar>`
            : nothing
        }
        <header class="view-header">
          <div class="title-line">
            <h1 title=${document.title}>${document.title}</h1>
            ${this.renderActions(document)}
          </div>
          <plan-header
            .document=${document}
            .expanded=${view.statementExpanded}
            @toggle-statement=${(event: CustomEvent<boolean>) => {
              this.change({ statementExpanded: event.detail });
            }}
          ></plan-header>
          <time-strip .plan=${result.plan}></time-strip>
        </header>
        <vscode-tabs
          class="tabs"
          .selectedIndex=${tabs.indexOf(view.tab)}
          @vsc-tabs-select=${(event: CustomEvent<{ selectedIndex: number }>) => {
            this.showTab(tabs[event.detail.selectedIndex]);
          }}
        >
          <vscode-tab-header slot="header" data-tab="plan">Plan</vscode-tab-header>
          <vscode-tab-header slot="header" data-tab="flame">Flame</vscode-tab-header>
          <vscode-tab-header slot="header" data-tab="findings"
            >Findings${
              findings.length === 0
                ? nothing
                : html`<vscode-badge slot="content-after" variant="counter">${findings.length}</vscode-badge>`
            }</vscode-tab-header
          >
          <vscode-tab-header slot="header" data-tab="json">JSON</vscode-tab-header>
          ${
            hasText(document)
              ? html`<vscode-tab-header slot="header" data-tab="text">Text</vscode-tab-header>`
              : nothing
          }
          ${this.renderTools(document)}
          <vscode-tab-panel
            >${view.tab === 'plan' ? this.renderSplit(document, this.renderTree(document)) : nothing}</vscode-tab-panel
          >
          <vscode-tab-panel
            >${view.tab === 'flame' ? this.renderSplit(document, this.renderFlame(document)) : nothing}</vscode-tab-panel
          >
          <vscode-tab-panel
            >${
              view.tab === 'findings'
                ? html`<findings-list
                    .plan=${result.plan}
                    .findings=${findings}
                    .missingIndex=${this.missingIndex}
                    .analyzed=${analyzed}
                  ></findings-list>`
                : nothing
            }</vscode-tab-panel
          >
          <vscode-tab-panel
            >${view.tab === 'json' ? html`<json-view .text=${result.planJson}></json-view>` : nothing}</vscode-tab-panel
          >
          ${
            hasText(document)
              ? html`<vscode-tab-panel
                  >${
                    view.tab === 'text'
                      ? html`<raw-text .text=${document.text} .firstLine=${document.firstLine}></raw-text>`
                      : nothing
                  }</vscode-tab-panel
                >`
              : nothing
          }
        </vscode-tabs>
      </div>
    `;
  }

  private renderActions(document: ReadPlan): TemplateResult {
    const again = document.analyzed ? 'Run EXPLAIN ANALYZE Again' : 'Run EXPLAIN Again';
    const reveal = this.request({ type: 'reveal-sql' });
    return html`<div class="actions" role="toolbar" aria-label="Plan actions">
      ${
        document.connection === null
          ? renderGoToText(document, reveal)
          : html`${renderAction('refresh', again, this.request({ type: 'run-again' }), this.running)}
            ${document.source === null ? nothing : renderAction('go-to-file', 'Go to SQL', reveal)}`
      }
      <copy-menu
        .hasStatement=${document.sql !== null}
        @copy-plan=${(event: CustomEvent<CopyFormat>) => {
          sendRequest({ type: 'copy', format: event.detail });
        }}
      ></copy-menu>
    </div>`;
  }

  private renderTools({ result }: ReadPlan): TemplateResult {
    const { view, matchCount } = this;
    if (view.tab === 'json') {
      return html`<div slot="addons" class="tools" role="toolbar" aria-label="JSON actions">
        ${renderAction('copy', 'Copy JSON', this.request({ type: 'copy', format: 'json' }))}
        ${renderAction('go-to-file', 'Open JSON in Editor', this.request({ type: 'open-json' }))}
      </div>`;
    }
    if (view.tab === 'flame' && view.zoomedNode !== null) {
      return html`<div slot="addons" class="tools" role="toolbar" aria-label="Flame actions">
        ${renderAction('screen-normal', 'Zoom Out', () => {
          this.change({ zoomedNode: null });
        })}
      </div>`;
    }
    if (view.tab !== 'plan') return html`<div slot="addons"></div>`;
    const inner = result.plan.nodes.filter(({ id }, index) => result.plan.nodes[index + 1]?.parent === id);
    return html`<div slot="addons" class="tools">
      ${
        matchCount === null
          ? nothing
          : html`<span class="match-count" role="status">${matchCount} of ${result.plan.nodes.length}</span>`
      }
      <vscode-textfield
        class="filter"
        .label=${'Filter nodes'}
        placeholder="Filter ( / )"
        .value=${view.filter}
        @input=${this.onFilterInput}
        @keydown=${this.onFilterKey}
      ></vscode-textfield>
      ${renderAction('expand-all', 'Expand All', () => {
        this.change({ collapsed: [] });
      })}
      ${renderAction('collapse-all', 'Collapse All', () => {
        this.change({ collapsed: inner.map(({ id }) => id), selectedNode: null });
      })}
    </div>`;
  }

  private renderTree({ result }: ReadPlan): TemplateResult {
    const { view } = this;
    return html`<plan-tree
      slot="start"
      .plan=${result.plan}
      .findings=${this.byNode}
      .collapsed=${this.collapsed}
      .selected=${view.selectedNode}
      .filter=${view.filter}
      @select-node=${this.onSelect}
      @collapse-nodes=${(event: CustomEvent<number[]>) => {
        this.change({ collapsed: event.detail });
      }}
      @focus-filter=${this.focusFilter}
      .scrolledTo=${view.treeTop}
      @scroll-tree=${(event: CustomEvent<number>) => {
        this.keepScroll(event.detail);
      }}
    ></plan-tree>`;
  }

  private renderFlame({ result }: ReadPlan): TemplateResult {
    return html`<flame-view
      slot="start"
      .plan=${result.plan}
      .findings=${this.byNode}
      .selected=${this.view.selectedNode}
      .zoomed=${this.view.zoomedNode}
      @select-node=${this.onSelect}
      @zoom-flame=${(event: CustomEvent<number | null>) => {
        this.change({ zoomedNode: event.detail });
      }}
    ></flame-view>`;
  }

  private readonly onSelect = (event: CustomEvent<number | null>) => {
    this.change({ selectedNode: event.detail });
  };

  /** The whole with the details of the selected node, while that is to be seen. */
  private renderSplit({ result }: ReadPlan, whole: TemplateResult): TemplateResult {
    const { selectedNode, tab, filter } = this.view;
    const isShown = selectedNode !== null && (tab !== 'plan' || isListed(result.plan.nodes, filter, selectedNode));
    const selected = isShown ? selectedNode : null;
    return html`<vscode-split-layout
      class="split"
      split=${this.isWide ? 'vertical' : 'horizontal'}
      min-start="120px"
      min-end="80px"
      @vsc-split-layout-change=${this.onSplit}
    >
      ${whole}
      <plan-details
        slot="end"
        .plan=${result.plan}
        .missingIndex=${this.missingIndex}
        .selected=${selected}
        .findings=${selected === null ? this.statementFindings : (this.byNode.get(selected) ?? [])}
      ></plan-details>
    </vscode-split-layout>`;
  }
}

/** The text is worth a tab of its own where it is not the JSON. */
function hasText(document: ReadPlan): document is OpenedPlan {
  return document.connection === null && document.text.trim() !== document.result.planJson;
}

function renderGoToText({ source }: OpenedPlan | UnreadablePlan, reveal: () => void): TemplateResult {
  return renderAction('go-to-file', source === null ? 'Open Text in Editor' : 'Go to Text', reveal);
}

function renderUnreadable(unreadable: UnreadablePlan, reveal: () => void): TemplateResult {
  const { title, text, firstLine, failure } = unreadable;
  return html`<div class="view">
    <header class="view-header">
      <div class="title-line">
        <h1 title=${title}>${title}</h1>
        <div class="actions" role="toolbar" aria-label="Plan actions">${renderGoToText(unreadable, reveal)}</div>
      </div>
      ${renderOrigin(unreadable)}
      <p class="read-failure" role="alert">${icon('error')}<span>${failure.message}</span></p>
    </header>
    <raw-text .text=${text} .firstLine=${firstLine} .fault=${failure}></raw-text>
  </div>`;
}

/** The tree's part of a room, in percent: what its rows need and a header and an empty row with them. */
function toSplitAbove(rows: number, roomPx: number): number {
  const needed = (100 * (rows + 2) * rowPx) / Math.max(rowPx, roomPx);
  return Math.min(defaultSplit.aboveMost, Math.max(defaultSplit.aboveLeast, needed));
}

function renderAction(name: string, label: string, action: () => void, disabled = false): TemplateResult {
  return html`<button
    class="toolbar-button"
    type="button"
    title=${label}
    aria-label=${label}
    ?disabled=${disabled}
    @click=${action}
  >
    ${icon(name)}
  </button>`;
}
