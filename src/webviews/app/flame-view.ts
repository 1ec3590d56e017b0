// The plan as a flame graph that grows downwards: wide is where the time went. Boxes too narrow to be seen are left out,
// so a plan of thousands of nodes stays light; choosing one and zooming in shows what is below it.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { formatCount, formatMs, formatQuantity, formatRatio } from '../../analysis/format/numbers';
import type { Finding } from '../../analysis/finding';
import { layOutFlame, type FlameBox } from '../../analysis/plan/flame-layout';
import type { Plan } from '../../analysis/plan/plan';
import { icon } from './icon';
import { LightElement } from './light-element';
import { nodeName, toRowWords } from './node-text';
import { severityIcon, severityWord, worstOf } from './severity';
import { ancestorsOf, findHottest } from './tree-model';

const rowHeightPx = 24;
/** Narrower than this a box is a line that nobody can point at. */
const leastWidthPx = 3;
/** From where a name in a box is more than its first letters. */
const leastNamePx = 40;
/** From where there is room for the figure beside the name. */
const leastFigurePx = 180;
/** Until the element is measured. */
const firstWidthPx = 1000;
/** A node that takes this share of the statement itself has the full colour; most of the time is seldom in one node. */
const hottestRatio = 0.5;
/** Steps of colour, as plan.css has them. */
const heatSteps = 5;

@customElement('flame-view')
export class FlameView extends LightElement {
  @property({ attribute: false }) plan!: Plan;
  @property({ attribute: false }) findings: ReadonlyMap<number, Finding[]> = new Map();
  @property({ attribute: false }) selected: number | null = null;
  /** PlanNode.id of what has the whole width; null for the statement. */
  @property({ attribute: false }) zoomed: number | null = null;

  @state() private widthPx = firstWidthPx;
  @query('.flame') private readonly scroller!: HTMLElement;

  private boxes: FlameBox[] = [];
  private readonly resized = new ResizeObserver(() => {
    this.widthPx = this.scroller.clientWidth;
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
    if (changed.has('plan')) this.boxes = layOutFlame(this.plan);
  }

  protected override firstUpdated(): void {
    this.resized.observe(this.scroller);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('selected')) {
      this.querySelector(`#flame-node-${this.selected}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }

  focusFlame(): void {
    this.scroller.focus();
  }

  private get zoomBox(): { start: number; width: number } {
    return (this.zoomed === null ? undefined : this.boxes[this.zoomed]) ?? { start: 0, width: 1 };
  }

  /** The boxes in sight: what is zoomed into, what is above it at full width, and what is wide enough below it. */
  private toShownBoxes(): { box: FlameBox; left: number; width: number }[] {
    const zoom = this.zoomBox;
    const above = new Set(this.zoomed === null ? [] : ancestorsOf(this.plan.nodes, this.zoomed));
    return this.boxes.flatMap((box) => {
      if (above.has(box.node.id)) return [{ box, left: 0, width: 1 }];
      const left = (box.start - zoom.start) / zoom.width;
      const width = box.width / zoom.width;
      // sums of thousands of figures do not meet to the last digit
      const isInside = left > -1e-6 && left + width < 1 + 1e-6;
      return isInside && width * this.widthPx >= leastWidthPx ? [{ box, left, width }] : [];
    });
  }

  private select(id: number): void {
    if (id !== this.selected) this.tell('select-node', id);
  }

  private zoom(id: number | null): void {
    const box = id === null ? undefined : this.boxes[id];
    // what took nothing can't be given the whole width
    if (id !== null && (box === undefined || box.width === 0)) return;
    this.tell('zoom-flame', id === this.zoomed ? null : id);
  }

  private readonly onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.onKey(event.key)) event.preventDefault();
  };

  /** As in the tree, but that boxes are side by side: down goes to a child, left and right to its neighbours. */
  private onKey(key: string): boolean {
    const { nodes } = this.plan;
    const shown = this.toShownBoxes().map(({ box }) => box.node);
    const node = shown.find(({ id }) => id === this.selected);
    const go = (to: { id: number } | null | undefined) => {
      if (to !== null && to !== undefined) this.select(to.id);
      return true;
    };
    const siblings = shown.filter(({ parent }) => parent === (node?.parent ?? null));
    switch (key) {
      case 'ArrowDown':
        return go(node === undefined ? shown[0] : shown.find(({ parent }) => parent === node.id));
      case 'ArrowUp':
        return go(node?.parent === undefined || node.parent === null ? shown[0] : nodes[node.parent]);
      case 'ArrowLeft':
        return go(siblings[siblings.findIndex(({ id }) => id === this.selected) - 1]);
      case 'ArrowRight':
        return go(siblings[siblings.findIndex(({ id }) => id === this.selected) + 1]);
      case 'Home':
        return go(shown[0]);
      case 'h': {
        // it may be outside of what is zoomed into
        if (this.zoomed !== null) this.zoom(null);
        return go(findHottest(nodes));
      }
      case 'Enter':
      case ' ':
        if (this.selected !== null) this.zoom(this.selected);
        return true;
      case 'Escape':
        if (this.zoomed === null) return false;
        this.zoom(null);
        return true;
      default:
        return false;
    }
  }

  private readonly onFocus = () => {
    if (this.selected === null && this.matches(':has(.flame:focus-visible)')) this.select(0);
  };

  private toNodeId(event: Event): number | null {
    if (!(event.target instanceof Element)) return null;
    const id = event.target.closest<HTMLElement>('[data-node-id]')?.dataset['nodeId'];
    return id === undefined ? null : Number(id);
  }

  private readonly onClick = (event: MouseEvent) => {
    const id = this.toNodeId(event);
    if (id !== null) this.select(id);
  };

  private readonly onDoubleClick = (event: MouseEvent) => {
    const id = this.toNodeId(event);
    if (id !== null) this.zoom(id);
  };

  protected override render(): TemplateResult {
    const shown = this.toShownBoxes();
    const depth = shown.reduce((deepest, { box }) => Math.max(deepest, box.depth), 0);
    const left = this.plan.nodes.length - shown.length;
    const isTimed = this.plan.nodes.some(({ selfMs }) => selfMs !== null);
    const active = shown.some(({ box }) => box.node.id === this.selected);
    return html`<div
      class="flame"
      role="tree"
      tabindex="0"
      aria-label="Flame graph of the plan"
      aria-activedescendant=${active ? `flame-node-${this.selected}` : nothing}
      @keydown=${this.onKeyDown}
      @focus=${this.onFocus}
      @click=${this.onClick}
      @dblclick=${this.onDoubleClick}
    >
      <div class="flame-boxes" role="presentation" .style=${`height: ${(depth + 1) * rowHeightPx}px`}>
        ${shown.map(({ box, left: start, width }) => this.renderBox(box, start, width, isTimed))}
      </div>
      <p class="flame-note">
        Wide is much ${isTimed ? 'time' : 'cost'}; the figure and a strong colour tell what the node took itself.
        ${left === 0 ? nothing : `${formatQuantity(left, 'node')} of ${formatCount(this.plan.nodes.length)} not shown: outside of the zoom, or too narrow.`}
        Enter or a double click zooms.
      </p>
    </div>`;
  }

  private renderBox({ node, depth, width: ratio, selfRatio }: FlameBox, left: number, width: number, isTimed: boolean) {
    const { role, operation, target } = toRowWords(node);
    const findings = this.findings.get(node.id) ?? [];
    const severity = worstOf(findings)?.severity;
    const own = isTimed ? `${formatMs(node.selfMs)} in itself` : 'cost of its own';
    const figures = `${formatRatio(ratio)} with what is below it; ${own}, ${formatRatio(selfRatio)}`;
    const title = [
      nodeName(node),
      figures,
      ...findings.map((finding) => `${severityWord(finding.severity)}: ${finding.message}`),
    ].join('\n');
    const selected = node.id === this.selected;
    return html`<div
      id=${`flame-node-${node.id}`}
      class=${classMap({ 'flame-box': true, [`heat-${toHeat(selfRatio)}`]: true, selected })}
      role="treeitem"
      data-node-id=${node.id}
      aria-level=${depth + 1}
      aria-selected=${selected ? 'true' : 'false'}
      aria-label=${`${nodeName(node)}: ${figures}`}
      title=${title}
      .style=${`left: ${(left * 100).toFixed(4)}%; width: ${(width * 100).toFixed(4)}%; top: ${depth * rowHeightPx}px`}
    >
      ${
        width * this.widthPx < leastNamePx
          ? nothing
          : html`${severity === undefined ? nothing : html`<span class="finding-badge severity-${severity}">${icon(severityIcon(severity))}</span>`}<span
                class="flame-name"
                >${role === '' ? nothing : html`<span class="node-role">${role}</span>`}${operation}${target}</span
              >${
                width * this.widthPx < leastFigurePx
                  ? nothing
                  : html`<span class="flame-own">${isTimed ? formatMs(node.selfMs) : formatRatio(selfRatio)}</span>`
              }`
      }
    </div>`;
  }
}

/** 0 for what takes nothing itself. */
function toHeat(selfRatio: number): number {
  return Math.min(heatSteps, Math.ceil((selfRatio / hottestRatio) * heatSteps));
}
