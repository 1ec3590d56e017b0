// The values a statement's parameters had last, kept in the workspace's state on this machine.
import type * as vscode from 'vscode';

const memoryKey = 'pgInsight.parameterValues';

/** Statements remembered; the oldest is forgotten first. */
const capacity = 100;

interface Entry {
  statement: string;
  values: (string | null)[];
}

export class ParameterMemory {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  /** Null when this statement never had any, or had another number of them. */
  recall(sql: string, count: number): (string | null)[] | null {
    const statement = toKey(sql);
    const values = this.#entries().find((entry) => entry.statement === statement)?.values;
    return values?.length === count ? values : null;
  }

  async remember(sql: string, values: readonly (string | null)[]): Promise<void> {
    const statement = toKey(sql);
    const others = this.#entries().filter((entry) => entry.statement !== statement);
    await this.#state.update(memoryKey, [{ statement, values: [...values] }, ...others].slice(0, capacity));
  }

  #entries(): Entry[] {
    return this.#state.get<Entry[]>(memoryKey, []);
  }
}

/** The same statement, indented differently, has the same parameters. */
const toKey = (sql: string) => sql.replaceAll(/\s+/g, ' ').trim();
