// A text as it was found, with the numbers of its lines; one that could not be read is shown at its fault.
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { UnreadablePlan } from '../protocol';
import { LightElement } from './light-element';

/** Lines are laid out in pieces, of which the browser skips those out of sight. */
const linesInPiece = 200;
/** As plan.css has it. */
const lineHeightPx = 18;

@customElement('raw-text')
export class RawText extends LightElement {
  @property({ attribute: false }) text = '';
  /** From 1. */
  @property({ attribute: false }) firstLine = 1;
  @property({ attribute: false }) fault: Pick<UnreadablePlan['failure'], 'line' | 'column'> | null = null;
  @query('mark') private readonly mark!: HTMLElement | null;

  protected override updated(): void {
    this.mark?.scrollIntoView({ block: 'center', inline: 'nearest' });
  }

  protected override render(): TemplateResult {
    const lines = this.text.split('\n');
    const pieces: TemplateResult[] = [];
    for (let at = 0; at < lines.length; at += linesInPiece) {
      pieces.push(this.renderPiece(lines.slice(at, at + linesInPiece), this.firstLine + at, lines.length));
    }
    return html`<div class="raw-text" tabindex="0" role="region" aria-label="Text of the plan">${pieces}</div>`;
  }

  private renderPiece(lines: readonly string[], first: number, count: number): TemplateResult {
    const digits = String(this.firstLine + count - 1).length;
    const numbers = lines.map((_, index) => String(first + index).padStart(digits)).join('\n');
    const { fault } = this;
    const at = fault === null ? -1 : fault.line - first;
    const line = lines[at];
    const before = lines
      .slice(0, Math.max(0, at))
      .map((each) => `${each}\n`)
      .join('');
    const after = lines.slice(at + 1).join('\n');
    return html`<div class="raw-piece" .style=${`contain-intrinsic-height: ${lines.length * lineHeightPx}px`}>
      <pre class="raw-numbers" aria-hidden="true">${numbers}</pre>
      <pre class="raw-lines">
${
          line === undefined || fault === null
            ? lines.join('\n')
            : html`${before}<span class="raw-fault-line">${renderFault(line, fault.column - 1)}</span>${
                  after === '' ? nothing : `\n${after}`
                }`
        }</pre>
    </div>`;
  }
}

/** From the fault to the end of its word; where the line ends too early, a space behind it. */
function renderFault(line: string, column: number): TemplateResult {
  const start = Math.min(column, line.length);
  const word = /^(?:[\w"']+|.)?/su.exec(line.slice(start))?.[0] ?? '';
  return html`${line.slice(0, start)}<mark>${word === '' ? ' ' : word}</mark>${line.slice(start + word.length)}`;
}
