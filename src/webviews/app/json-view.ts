// The plan as the server sent it.
import { html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { LightElement } from './light-element';
import { toJsonLines, toJsonTokens } from './json-text';

/** Lines are laid out in pieces, of which the browser skips those out of sight. */
const linesInPiece = 200;
/** Longer texts stay without colours: each coloured word is an element of its own. */
const longestColored = 4000;

@customElement('json-view')
export class JsonView extends LightElement {
  @property({ attribute: false }) text = '';

  protected override render(): TemplateResult {
    const lines = toJsonLines(this.text);
    const pieces: string[][] = [];
    for (let at = 0; at < lines.length; at += linesInPiece) pieces.push(lines.slice(at, at + linesInPiece));
    const colored = lines.length <= longestColored;
    return html`<div class="json" tabindex="0" role="region" aria-label="JSON of the plan">
      ${pieces.map((piece) => {
        const content = colored ? piece.map((line) => [renderLine(line), '\n']) : `${piece.join('\n')}\n`;
        return html`<pre .style=${`contain-intrinsic-height: ${piece.length}lh`}>${content}</pre>`;
      })}
    </div>`;
  }
}

function renderLine(line: string): (TemplateResult | string)[] {
  return toJsonTokens(line).map(({ kind, text }) =>
    kind === 'plain' ? text : html`<span class="json-${kind}">${text}</span>`,
  );
}
