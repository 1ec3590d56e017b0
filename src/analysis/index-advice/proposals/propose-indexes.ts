// Proposes indexes of every kind for what a statement does with its tables. Wider than index-candidates.ts: it is for
// planners that make a plan with the index in it, so a proposal that does not help costs a question and nothing else.
import type { AdviceColumn, AdviceIndex, AdviceTable, IndexAdviceFacts } from '../index-advice-facts';
import type { IndexCondition } from './index-conditions';
import { estimateEquality } from '../cost/selectivity';
import type { OrderKey, TableOrder, TableUse } from './table-uses';
import type { HypotheticalIndex } from '../what-if-planner';

/** A table of 16 pages (128 kB) is read in the time of a few look-ups; an index on it is noise. */
const minimumTablePages = 16;
/** Each column makes the index larger and more often written; the fifth hardly ever filters anything. */
const maximumKeys = 4;
/** An ORDER BY needs all of its columns, or none of them. */
const maximumOrderedKeys = 6;
/** A condition that keeps more is no reason for an index, and half of a table is no small index. */
const maximumPartialRatio = 0.5;
/** Below 80 MB a B-tree costs little more than a BRIN and is much more precise. */
const minimumBrinPages = 10_000;
/** Ranges of blocks hold ranges of values only where rows lie in the column's order. */
const minimumBrinCorrelation = 0.9;

const rangeTypes = /^(?:int4|int8|num|ts|tstz|date)(?:multi)?range$/;
const textTypes: Readonly<Record<string, string>> = {
  text: 'text_pattern_ops',
  varchar: 'varchar_pattern_ops',
  bpchar: 'bpchar_pattern_ops',
};

export interface ProposedIndex {
  index: HypotheticalIndex;
  table: AdviceTable;
  /** Conditions and orders of the statement that it was made for, as the server prints them. */
  reasons: readonly string[];
  /** Share of the table's rows that a predicate keeps, 0 to 1; 1 without one. */
  keptRatio: number;
}

/** What the other statements ask of a table, by key. */
export interface WorkloadKeys {
  /** How many statements look up by it by =. */
  countLookUps: (table: AdviceTable, key: string) => number;
  /** Whether every statement that asks for it asks for this, and more than one does. */
  isFixed: (table: AdviceTable, key: string, predicate: string) => boolean;
}

const noOthers: WorkloadKeys = { countLookUps: () => 0, isFixed: () => false };

interface KeyPart extends OrderKey {
  operatorClass: string | null;
}

interface Shape {
  method: HypotheticalIndex['method'];
  keys: readonly KeyPart[];
  predicate: string | null;
  keptRatio?: number;
  reasons: readonly string[];
}

export function toTableKey({ schema, table }: Pick<HypotheticalIndex, 'schema' | 'table'>): string {
  return JSON.stringify([schema, table]);
}

export function keyOfIndex({ schema, table, method, keys, included, predicate }: HypotheticalIndex): string {
  return JSON.stringify([schema, table, method, keys, included, predicate]);
}

function formatKey({ key, descending, nullsFirst, operatorClass }: KeyPart): string {
  const order = descending ? ' DESC' : '';
  const nulls = nullsFirst === descending ? '' : nullsFirst ? ' NULLS FIRST' : ' NULLS LAST';
  return `${key}${operatorClass === null ? '' : ` ${operatorClass}`}${order}${nulls}`;
}

const plain = (key: string, operatorClass: string | null = null): KeyPart => ({
  key,
  descending: false,
  nullsFirst: false,
  operatorClass,
});

/** Each key once, in the order given. */
function distinctKeys(conditions: readonly IndexCondition[]): IndexCondition[] {
  return [...new Map(conditions.toReversed().map((each) => [each.key, each])).values()].toReversed();
}

class Proposer {
  readonly #use: TableUse;
  readonly #facts: IndexAdviceFacts;
  readonly #workload: WorkloadKeys;

  constructor(use: TableUse, facts: IndexAdviceFacts, workload: WorkloadKeys) {
    this.#use = use;
    this.#facts = facts;
    this.#workload = workload;
  }

  propose(): Shape[] {
    return [
      ...this.#lookUps(),
      ...this.#orders(),
      ...this.#alternatives(),
      ...this.#partials(),
      ...this.#patterns(),
      ...this.#elements(),
      ...this.#blockRanges(),
    ];
  }

  #column({ column }: IndexCondition): AdviceColumn | undefined {
    return this.#use.table.columns.find(({ name }) => name === column);
  }

  /** B-trees are for types with an order; what type an expression has the server says. */
  #hasOrder(condition: IndexCondition): boolean {
    return condition.column === null || this.#column(condition)?.hasBtree === true;
  }

  #selectivity(condition: IndexCondition): number {
    const column = this.#column(condition);
    if (column === undefined || condition.columnCondition === null) return 0.01;
    return estimateEquality(column, condition.columnCondition);
  }

  #of(uses: readonly IndexCondition['use'][]): IndexCondition[] {
    return this.#use.conditions.filter(
      (each) => uses.includes(each.use) && !each.isAlternative && this.#hasOrder(each),
    );
  }

  /** Compared with values, the one that keeps fewest rows first. */
  #equalities(): IndexCondition[] {
    const own = this.#of(['equality', 'is-null']).filter(({ value }) => (value?.aliases.size ?? 0) === 0);
    const ratios = new Map(own.map((each) => [each, this.#selectivity(each)]));
    const sorted = own.toSorted((a, b) => (ratios.get(a) ?? 1) - (ratios.get(b) ?? 1) || (a.key < b.key ? -1 : 1));
    return distinctKeys(sorted);
  }

  /** By the table that they join to: one join is one way to be looked up. */
  #joins(): IndexCondition[][] {
    const joins = new Map<string, IndexCondition[]>();
    for (const each of this.#of(['equality']).filter(({ value }) => (value?.aliases.size ?? 0) > 0)) {
      const others = [...(each.value?.aliases ?? [])].sort().join();
      joins.set(others, distinctKeys([...(joins.get(others) ?? []), each]));
    }
    return [...joins.values()];
  }

  #ranges(): IndexCondition[] {
    return distinctKeys(this.#of(['range']));
  }

  #toShape(conditions: readonly IndexCondition[], order?: TableOrder, keys: readonly KeyPart[] = []): Shape {
    return {
      method: 'btree',
      keys: [...conditions.map(({ key }) => plain(key)), ...keys],
      predicate: null,
      reasons: [
        ...conditions.map(({ text }) => text),
        ...(order === undefined ? [] : [`${order.purpose}: ${order.text}`]),
      ],
    };
  }

  /** The conditions in front of a range or an order, in the orders that may be right. */
  #heads(): IndexCondition[][] {
    const equalities = this.#equalities();
    const lengths = Array.from({ length: Math.min(maximumKeys, equalities.length) + 1 }, (_, count) =>
      equalities.slice(0, count),
    );
    const count = ({ key }: IndexCondition) => this.#workload.countLookUps(this.#use.table, key);
    const shared = equalities.toSorted((a, b) => count(b) - count(a));
    const joins = this.#joins();
    return [
      ...lengths,
      ...lengths.map(({ length }) => shared.slice(0, length)),
      ...joins.flatMap((join) => [
        join,
        ...equalities.map((equality) => distinctKeys([...join, equality])),
        distinctKeys([...join, ...equalities]),
        distinctKeys([...equalities, ...join]),
      ]),
    ];
  }

  #lookUps(): Shape[] {
    const ranges = this.#ranges();
    return this.#heads().flatMap((head) => [
      this.#toShape(head),
      ...ranges.map((range) => this.#toShape(distinctKeys([...head, range]))),
    ]);
  }

  #orders(): Shape[] {
    return this.#use.orders.flatMap((order) =>
      this.#heads().flatMap((head) => {
        // of a key that has one value the order is of no matter
        const isFixed = ({ key }: OrderKey) => head.some((each) => each.key === key && (each.value?.count ?? 1) === 1);
        const wanted = order.keys.filter((key) => !isFixed(key));
        if (wanted.length === 0 || head.some(({ key }) => wanted.some((each) => each.key === key))) return [];
        // read backwards, an index has the opposite order: where that needs no words at all, it is taken
        const isReversed = wanted.every(({ descending, nullsFirst }) => descending && nullsFirst);
        const keys = wanted.map((key) => (isReversed ? plain(key.key) : { ...key, operatorClass: null }));
        return [this.#toShape(head, order, keys)];
      }),
    );
  }

  /** OR: the planner combines an index for each side. */
  #alternatives(): Shape[] {
    return this.#use.conditions
      .filter(({ isAlternative, use }) => isAlternative && (use === 'equality' || use === 'range' || use === 'is-null'))
      .filter((each) => this.#hasOrder(each))
      .map((each) => this.#toShape([each]));
  }

  /** For conditions that are the same in every call and keep a small part of the table. */
  #partials(): Shape[] {
    const fixed = this.#use.conditions.filter(
      (each) => !each.isAlternative && this.#isStable(each) && this.#keptRatio(each) <= maximumPartialRatio,
    );
    return fixed.flatMap((condition) => {
      const without = (shape: Shape): Shape => ({
        ...shape,
        keys: shape.keys.filter(({ key }) => key !== condition.key),
        predicate: condition.predicate,
        keptRatio: this.#keptRatio(condition),
        reasons: [...new Set([condition.text, ...shape.reasons])],
      });
      const others = [...this.#lookUps(), ...this.#orders()].map(without).filter(({ keys }) => keys.length > 0);
      const itself = this.#hasOrder(condition)
        ? [
            {
              ...this.#toShape([condition]),
              predicate: condition.predicate,
              keptRatio: this.#keptRatio(condition),
            },
          ]
        : [];
      return [...itself, ...others];
    });
  }

  /** A value that a single statement is written with may be another one tomorrow: an index for it would serve nothing then. */
  #isStable(condition: IndexCondition): boolean {
    const { use, key, predicate } = condition;
    if (predicate === null) return false;
    if (use !== 'equality' || this.#column(condition)?.typeName === 'bool') return true;
    return this.#workload.isFixed(this.#use.table, key, predicate);
  }

  #keptRatio(condition: IndexCondition): number {
    const { use, operator, text } = condition;
    const statistics = this.#column(condition)?.statistics;
    if (statistics === undefined || statistics === null) return 1;
    if (use === 'partial') {
      if (text.endsWith(' IS NOT NULL)')) return 1 - statistics.nullRatio;
      return operator === '' && / IS (?:NOT )?(?:TRUE|FALSE)\)$/.test(text) ? maximumPartialRatio : 1;
    }
    // a literal of a column with many values is one of many, and the next call asks for another one
    if (use === 'equality')
      return condition.columnCondition === null || statistics.distinct > 100 ? 1 : this.#selectivity(condition);
    return use === 'is-null' ? statistics.nullRatio : 1;
  }

  #patterns(): Shape[] {
    const trigrams = this.#facts.trigramSchema;
    return this.#use.conditions.flatMap((condition): Shape[] => {
      const { use, key, text } = condition;
      if (use !== 'prefix' && use !== 'pattern') return [];
      const column = this.#column(condition);
      const shape = (method: Shape['method'], keys: KeyPart[]): Shape => ({
        method,
        keys,
        predicate: null,
        reasons: [text],
      });
      const shapes: Shape[] = [];
      if (use === 'prefix') {
        const operatorClass = column?.sortsByBytes === true ? null : (textTypes[column?.typeName ?? 'text'] ?? null);
        const heads = [[], this.#equalities()].map((head) =>
          head.slice(0, maximumKeys - 1).map((each) => plain(each.key)),
        );
        for (const head of heads) shapes.push(shape('btree', [...head, plain(key, operatorClass)]));
      }
      if (trigrams !== null) shapes.push(shape('gin', [plain(key, `${trigrams}.gin_trgm_ops`)]));
      return shapes;
    });
  }

  #elements(): Shape[] {
    return this.#use.conditions.flatMap((condition): Shape[] => {
      const { use, key, operator, text } = condition;
      if (use !== 'element') return [];
      const type = this.#column(condition)?.typeName ?? null;
      const shape = (method: Shape['method'], operatorClass: string | null = null): Shape => ({
        ...{ method, keys: [plain(key, operatorClass)], predicate: null, reasons: [text] },
      });
      if (type !== null && rangeTypes.test(type)) return [shape('gist')];
      if (type === 'jsonb' || (type === null && /::jsonb\)?$/.test(text))) {
        return operator === '@>' || operator === '@?' || operator === '@@'
          ? [shape('gin'), shape('gin', 'jsonb_path_ops')]
          : [shape('gin')];
      }
      // arrays, full text and expressions of them
      return operator === '<<' || operator === '>>' || operator === '-|-' ? [] : [shape('gin')];
    });
  }

  #blockRanges(): Shape[] {
    if (this.#use.table.pages < minimumBrinPages) return [];
    return distinctKeys(this.#of(['range', 'equality']))
      .filter((each) => Math.abs(this.#column(each)?.statistics?.correlation ?? 0) > minimumBrinCorrelation)
      .map((each) => ({ ...this.#toShape([each]), method: 'brin' }));
  }
}

/** A valid index that begins with the same keys already does what a look-up by these could. */
function isCovered(shape: Shape, index: AdviceIndex): boolean {
  if (!index.isValid || index.method !== shape.method || index.predicate !== null || shape.predicate !== null)
    return false;
  return shape.keys.every((key, at) => {
    const have = index.keys[at];
    return (
      have?.isPlain === true &&
      key.operatorClass === null &&
      have.text === key.key &&
      have.descending === key.descending &&
      have.nullsFirst === key.nullsFirst
    );
  });
}

function isSensible({ keys, reasons, method }: Shape): boolean {
  const isOrdered = reasons.some((reason) => /^(?:sort|group|extreme): /.test(reason));
  const isDistinct = new Set(keys.map(({ key }) => key)).size === keys.length;
  return (
    keys.length > 0 &&
    isDistinct &&
    keys.length <= (isOrdered ? maximumOrderedKeys : method === 'btree' ? maximumKeys : 1)
  );
}

/** In the order of the plan, each index once. */
export function proposeIndexes(
  uses: readonly TableUse[],
  facts: IndexAdviceFacts,
  workload: WorkloadKeys = noOthers,
): ProposedIndex[] {
  const found = new Map<string, ProposedIndex>();
  for (const use of uses) {
    const { table } = use;
    if (table.refusal !== null || table.pages < minimumTablePages) continue;
    for (const shape of new Proposer(use, facts, workload).propose()) {
      if (!isSensible(shape) || table.indexes.some((index) => isCovered(shape, index))) continue;
      const index: HypotheticalIndex = {
        schema: table.schema,
        table: table.name,
        method: shape.method,
        keys: shape.keys.map(formatKey),
        included: [],
        predicate: shape.predicate,
      };
      const key = keyOfIndex(index);
      const before = found.get(key);
      const reasons = [...new Set([...(before?.reasons ?? []), ...shape.reasons])];
      found.set(key, { index, table, reasons, keptRatio: shape.keptRatio ?? 1 });
    }
  }
  return [...found.values()];
}

/** Keys that a statement asks for, and what of them, for `isFixed`. */
export function findConditionKeys(
  uses: readonly TableUse[],
): { table: AdviceTable; key: string; predicate: string | null }[] {
  return uses.flatMap(({ table, conditions }) => conditions.map(({ key, predicate }) => ({ table, key, predicate })));
}

/** Keys that a statement looks up by =, for `countLookUps`. */
export function findLookedUpKeys(uses: readonly TableUse[]): { table: AdviceTable; key: string }[] {
  return uses.flatMap(({ table, conditions }) =>
    conditions.filter(({ use }) => use === 'equality').map(({ key }) => ({ table, key })),
  );
}
