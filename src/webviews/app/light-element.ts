// Elements of the plan view render into the page itself: one style sheet and one codicon font serve them all, and
// aria-activedescendant reaches across them.
import { LitElement } from 'lit';

export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Tells the element around this one; `detail` is what it needs to know. */
  protected tell(type: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  }
}
