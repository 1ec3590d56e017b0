/** As VS Code keeps it: JSON. */
export class TextMemento {
  readonly #texts = new Map<string, string>();

  keys(): readonly string[] {
    return [...this.#texts.keys()];
  }

  get<Value>(key: string, fallback?: Value): Value {
    const text = this.#texts.get(key);
    return text === undefined ? (fallback as Value) : (JSON.parse(text) as Value);
  }

  update(key: string, value: unknown): Promise<void> {
    this.#texts.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}
