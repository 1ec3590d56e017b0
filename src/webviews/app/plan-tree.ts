// The plan as a tree with columns: an ARIA treegrid that behaves like VS Code's own trees. Rows have one height, and only
// those in sight are in the page, so that a plan of thousands of nodes opens at once.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatQuantity } from '../../analysis/format/numbers';
import type { Finding } from '../../analysis/finding';
import type { Plan } from '../../analysis/plan/plan';
import { nodeConditions } from '../../analysis/plan/plan-tree';
import { chooseNodePx, toColumns, type Cell, type Column } from './columns';
import { icon } from './icon';
import { LightElement } from './light-element';
import { nodeName, toRowWords } from './node-text';
import { severityIcon, severityWord, worstOf } from './severity';
import { ancestorsOf, findHottest, findMatches, toTreeRows, type TreeRow } from './tree-model';

/** VS Code's own row height and tree indent. */
const rowHeightPx = 22;
const indentPx = 8;
/** After the last column, so that figures do not touch the edge; the same in plan.css. */
const rowEndPx = 8;
/** What a name's row has beside the name: padding, twistie, the icon of a finding. */
const aroundNamePx = 64;
/** About what a letter of VS Code's font takes at its usual size; decides on columns only, so it need not be exact. */
const letterPx = 6.5;
/** About a column, for scrolling by the keyboard. */
const columnStepPx = 80;
/** Rows beyond the edges, so that a short scroll shows no gap before the next frame. */
const spareRows = 12;
/** Rows rendered before the first measurement. */
const firstRows = 60;

@customElement('plan-tree')
export class PlanTree extends LightElement {
  @property({ attribute: false }) plan!: Plan;
  @property({ attribute: false }) findings: ReadonlyMap<number, Finding[]> = new Map();
  @property({ attribute: false }) collapsed: ReadonlySet<number> = new Set();
  @property({ attribute: false }) selected: number | null = null;
  @property({ attribute: false }) filter = '';
  /** Where the user had scrolled to, in pixels. */
  @property({ attribute: false }) scrolledTo = 0;

  @state() private firstRow = 0;
  @state() private visibleRows = firstRows;
  @state() private widthPx = 0;

  @query('.tree') private readonly scroller!: HTMLElement;

  private columns: Column[] = [];
  private nodePx = 0;
  private rows: TreeRow[] = [];
  private readonly resized = new ResizeObserver(() => {
    this.measure();
  });

  override disconnectedCallback(): void {
    this.resized.disconnect();
    super.disconnectedCallback();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.resized.observe(this.scroller);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('plan')) this.columns = toColumns(this.plan);
    if (changed.has('plan') || changed.has('collapsed') || changed.has('filter')) {
      this.rows = toTreeRows(this.plan.nodes, this.collapsed, findMatches(this.plan.nodes, this.filter));
    }
    // before the first measurement the window's width is nearly right
    const availablePx = this.widthPx === 0 ? window.innerWidth : this.widthPx;
    const longestNamePx = this.rows.reduce((longest, row) => Math.max(longest, namePx(row)), 0);
    this.nodePx = chooseNodePx(this.columns, availablePx, longestNamePx);
  }

  protected override firstUpdated(): void {
    this.resized.observe(this.scroller);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('scrolledTo')) this.scroller.scrollTop = this.scrolledTo;
    // what was selected when the view was made, or when the plan was run again, was where the user left it
    if (changed.get('selected') !== undefined) this.revealSelected();
    const widths = this.columns.map(({ widthPx }) => `${widthPx}px`);
    this.scroller.style.setProperty('--columns', [`minmax(${this.nodePx}px, 1fr)`, ...widths].join(' '));
    const rowPx = this.columns.reduce((sum, { widthPx }) => sum + widthPx, this.nodePx + rowEndPx);
    this.scroller.style.setProperty('--row-width', `max(100%, ${rowPx}px)`);
    this.scroller.classList.toggle('is-wide', rowPx > this.scroller.clientWidth);
  }

  /** A key that was pressed while nothing in the page had the focus. */
  takeKey(event: KeyboardEvent): void {
    this.onKeyDown(event);
    if (event.defaultPrevented && event.key !== '/') this.focusTree();
  }

  focusTree(): void {
    this.scroller.focus();
  }

  private readonly measure = () => {
    this.widthPx = this.scroller.clientWidth;
    this.visibleRows = Math.ceil(this.scroller.clientHeight / rowHeightPx);
    this.firstRow = Math.floor(this.scroller.scrollTop / rowHeightPx);
  };

  private readonly onScroll = () => {
    this.measure();
    this.tell('scroll-tree', this.scroller.scrollTop);
  };

  private revealSelected(): void {
    const index = this.rows.findIndex(({ node }) => node.id === this.selected);
    if (index === -1) return;
    const { scrollTop, clientHeight } = this.scroller;
    const top = index * rowHeightPx;
    // the header row stays over the rows
    const room = clientHeight - 2 * rowHeightPx;
    if (room <= 0) return;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top > scrollTop + room) this.scroller.scrollTop = top - room;
  }

  private select(id: number | null): void {
    if (id !== this.selected) this.tell('select-node', id);
  }

  private toggle(id: number, expanded: boolean): void {
    if (this.filter.trim() !== '') return;
    const collapsed = new Set(this.collapsed);
    if (expanded) collapsed.delete(id);
    else collapsed.add(id);
    this.tell('collapse-nodes', [...collapsed]);
    // a selection inside what was closed moves to what is still there
    if (!expanded && this.selected !== null && ancestorsOf(this.plan.nodes, this.selected).includes(id))
      this.select(id);
  }

  /** Selects a node wherever it is: opens what is closed above it. */
  revealNode(id: number): void {
    const above = ancestorsOf(this.plan.nodes, id);
    if (above.some((each) => this.collapsed.has(each))) {
      this.tell(
        'collapse-nodes',
        [...this.collapsed].filter((each) => !above.includes(each)),
      );
    }
    if (id === this.selected) this.revealSelected();
    else this.select(id);
  }

  private stepToFinding(step: 1 | -1): void {
    const ids = [...this.findings.keys()].sort((a, b) => a - b);
    const from = this.selected ?? (step === 1 ? -1 : Number.POSITIVE_INFINITY);
    const next = step === 1 ? (ids.find((id) => id > from) ?? ids[0]) : (ids.findLast((id) => id < from) ?? ids.at(-1));
    if (next !== undefined) this.revealNode(next);
  }

  private readonly onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey) return;
    // the arrows alone are the tree's
    if (event.shiftKey && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      this.scroller.scrollBy({ left: event.key === 'ArrowRight' ? columnStepPx : -columnStepPx });
      event.preventDefault();
      return;
    }
    const command = event.ctrlKey || event.metaKey;
    if (command ? this.onCommandKey(event.key) : this.onPlainKey(event.key)) event.preventDefault();
  };

  private onCommandKey(key: string): boolean {
    switch (key.toLowerCase()) {
      case 'c':
        // selected text is the browser's to copy
        if (this.selected === null || window.getSelection()?.isCollapsed === false) return false;
        this.tell('copy-node', this.selected);
        return true;
      case 'f':
        this.tell('focus-filter');
        return true;
      default:
        return false;
    }
  }

  private onPlainKey(key: string): boolean {
    const index = this.rows.findIndex(({ node }) => node.id === this.selected);
    const row = this.rows[index];
    const page = Math.max(1, this.visibleRows - 2);
    const moveTo = (to: number) => {
      const target = this.rows[Math.min(this.rows.length - 1, Math.max(0, to))];
      if (target !== undefined) this.select(target.node.id);
      return true;
    };
    switch (key) {
      case 'ArrowDown':
        return moveTo(index + 1);
      case 'ArrowUp':
        return moveTo(index === -1 ? this.rows.length - 1 : index - 1);
      case 'PageDown':
        return moveTo(index + page);
      case 'PageUp':
        return moveTo(index - page);
      case 'Home':
        return moveTo(0);
      case 'End':
        return moveTo(this.rows.length - 1);
      case 'ArrowRight':
        if (row?.expanded === false) this.toggle(row.node.id, true);
        else if (row?.expanded === true) moveTo(index + 1);
        return true;
      case 'ArrowLeft':
        if (row?.expanded === true && this.filter.trim() === '') this.toggle(row.node.id, false);
        else if (row !== undefined && row.node.parent !== null) this.select(row.node.parent);
        return true;
      case 'Enter':
      case ' ':
        if (row !== undefined && row.expanded !== null) this.toggle(row.node.id, !row.expanded);
        return true;
      case '/':
        this.tell('focus-filter');
        return true;
      case 'n':
        this.stepToFinding(1);
        return true;
      case 'p':
        this.stepToFinding(-1);
        return true;
      case 'h': {
        const hottest = findHottest(this.plan.nodes);
        if (hottest !== null) this.revealNode(hottest.id);
        return true;
      }
      case 'Escape':
        this.select(null);
        return true;
      default:
        return false;
    }
  }

  private readonly onFocus = () => {
    // as in VS Code's trees, the keyboard is always on some row
    if (this.selected === null && this.rows[0] !== undefined && this.matches(':has(.tree:focus-visible)')) {
      this.select(this.rows[0].node.id);
    }
  };

  private readonly onClick = (event: MouseEvent) => {
    if (!(event.target instanceof Element)) return;
    const id = Number(event.target.closest<HTMLElement>('[data-node-id]')?.dataset['nodeId'] ?? Number.NaN);
    const row = this.rows.find(({ node }) => node.id === id);
    if (row === undefined) return;
    if (row.expanded !== null && event.target.closest('.twistie') !== null) this.toggle(id, !row.expanded);
    else this.select(id);
  };

  private readonly onDoubleClick = (event: MouseEvent) => {
    if (!(event.target instanceof Element) || event.target.closest('.twistie') !== null) return;
    const id = Number(event.target.closest<HTMLElement>('[data-node-id]')?.dataset['nodeId'] ?? Number.NaN);
    const row = this.rows.find(({ node }) => node.id === id);
    if (row !== undefined && row.expanded !== null) this.toggle(id, !row.expanded);
  };

  protected override render(): TemplateResult {
    const first = Math.max(0, this.firstRow - spareRows);
    const last = Math.min(this.rows.length, this.firstRow + this.visibleRows + spareRows);
    const shown = this.rows.slice(first, last);
    const active = shown.some(({ node }) => node.id === this.selected);
    return html`
      <div
        class="tree"
        role="treegrid"
        tabindex="0"
        aria-label="Plan"
        aria-rowcount=${this.rows.length + 1}
        aria-colcount=${this.columns.length + 1}
        aria-activedescendant=${active ? `plan-node-${this.selected}` : nothing}
        data-vscode-context='{"webviewSection":"plan-tree","preventDefaultContextMenuItems":true}'
        @keydown=${this.onKeyDown}
        @focus=${this.onFocus}
        @click=${this.onClick}
        @dblclick=${this.onDoubleClick}
        @scroll=${this.onScroll}
      >
        <div class="tree-head" role="rowgroup">
          <div class="tree-row" role="row" aria-rowindex="1">
            <div class="cell node-cell" role="columnheader" aria-colindex="1" data-column="node">Node</div>
            ${this.columns.map(
              ({ id, label, title }, index) =>
                html`<div
                  class="cell number"
                  role="columnheader"
                  aria-colindex=${index + 2}
                  data-column=${id}
                  title=${title}
                >
                  ${label}
                </div>`,
            )}
          </div>
        </div>
        <div class="tree-body" role="rowgroup" .style=${`height: ${this.rows.length * rowHeightPx}px`}>
          ${repeat(
            shown,
            ({ node }) => node.id,
            (row, index) => this.renderRow(row, first + index),
          )}
        </div>
        ${this.rows.length === 0 ? html`<p class="empty-note">No node contains “${this.filter.trim()}”.</p>` : nothing}
      </div>
    `;
  }

  private renderRow(row: TreeRow, index: number): TemplateResult {
    const { node, level, expanded } = row;
    const selected = node.id === this.selected;
    const findings = this.findings.get(node.id) ?? [];
    const classes = { 'tree-row': true, selected, dimmed: !row.matches, never: node.neverExecuted };
    return html`<div
      id=${`plan-node-${node.id}`}
      class=${classMap(classes)}
      role="row"
      data-node-id=${node.id}
      aria-rowindex=${index + 2}
      aria-level=${level}
      aria-posinset=${row.position}
      aria-setsize=${row.siblings}
      aria-selected=${selected ? 'true' : 'false'}
      aria-expanded=${expanded === null ? nothing : String(expanded)}
      .style=${`top: ${index * rowHeightPx}px`}
    >
      <div class="cell node-cell" role="gridcell" aria-colindex="1" data-column="node">
        <span class="indent" aria-hidden="true" .style=${`width: ${(level - 1) * indentPx}px`}></span>
        <span class="twistie" aria-hidden="true"
          >${expanded === null ? nothing : icon(expanded ? 'chevron-down' : 'chevron-right')}</span
        >
        ${this.renderName(row)} ${findings.length === 0 ? nothing : this.renderBadge(findings)}
      </div>
      ${this.columns.map((column, position) => this.renderCell(column, column.cell(node), position))}
    </div>`;
  }

  private renderName({ node }: TreeRow): TemplateResult {
    const { role, operation, target, condition } = toRowWords(node);
    const title = [nodeName(node), ...nodeConditions(node).map(([name, text]) => `${name}: ${text}`)].join('\n');
    // no white space between the parts: it would be shown
    return html`<span class="node-name" title=${title}
      >${role === '' ? nothing : html`<span class="node-role">${this.highlight(role)}</span>`}<span
        class="node-operation"
        >${this.highlight(operation)}</span
      ><span class="node-target">${this.highlight(target)}</span>${
        condition === '' ? nothing : html`<span class="node-condition">${this.highlight(condition)}</span>`
      }</span
    >`;
  }

  private renderBadge(findings: readonly Finding[]): TemplateResult {
    const severity = worstOf(findings)?.severity ?? 'info';
    const label = `${severityWord(severity)}, ${formatQuantity(findings.length, 'finding')}`;
    const title = findings.map((finding) => `${severityWord(finding.severity)}: ${finding.message}`).join('\n');
    // an icon alone, as in VS Code's own trees: names need the room
    return html`<span class="finding-badge severity-${severity}" role="img" aria-label=${label} title=${title}
      >${icon(severityIcon(severity))}</span
    >`;
  }

  private renderCell({ id }: Column, cell: Cell, index: number): TemplateResult {
    const bar =
      cell.bar === undefined
        ? nothing
        : html`<span class="bar" aria-hidden="true"
            ><span class="bar-fill" .style=${`width: ${(cell.bar * 100).toFixed(1)}%`}></span
          ></span>`;
    const arrow = cell.direction === undefined ? '' : cell.direction === 'under' ? '↑\u00a0' : '↓\u00a0';
    const badge = cell.badge === undefined ? '' : `factor-${cell.badge}`;
    const value = html`<span class="value ${badge}">${arrow}${cell.text}</span>`;
    return html`<div
      class="cell number"
      role="gridcell"
      aria-colindex=${index + 2}
      data-column=${id}
      title=${cell.title}
    >
      ${bar}${value}
    </div>`;
  }

  /** Marks what the filter found, as VS Code's lists do. */
  private highlight(text: string): TemplateResult | string {
    const wanted = this.filter.trim();
    const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted.toLowerCase());
    if (at === -1) return text;
    const end = at + wanted.length;
    return html`${text.slice(0, at)}<span class="found">${text.slice(at, end)}</span>${text.slice(end)}`;
  }
}

function namePx({ node, level }: TreeRow): number {
  const { role, operation, target } = toRowWords(node);
  return aroundNamePx + level * indentPx + (role.length + operation.length + target.length) * letterPx;
}
