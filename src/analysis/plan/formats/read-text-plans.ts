// Reads EXPLAIN's text format. Its indentation is exact: "->" stands where the properties of the parent stand, and a node's
// own properties 6 columns behind its "->". A line that stands elsewhere, a figure that is not whole, an expression without
// its end, a join with one side, an ANALYZE without its execution time: all of this is a damaged plan and refused with
// its line. JSON prints what the text leaves out (zero counters, defaults); what is certain is put in again.
import { failDamaged, Places, placeInLine, type PlanDocument, type PlanFields, type SourceLine } from './plan-source';
import { scanSql, splitSqlList, type SqlState } from './sql-scan';
import { checkChildren } from './check-children';
import { isKnownType } from './node-types';
import { parseHeadline, parseTargetTable, type Headline } from './text-headline';
import {
  isExpression,
  readProperty,
  readSerialization,
  readSettings,
  readTrigger,
  readWorkerActual,
  splitProperty,
  type Property,
} from './text-property';

/** From "->" to the properties of its node. */
const arrowWidth = 6;
const step = 2;

interface TextNode {
  fields: PlanFields;
  headline: Headline;
  line: SourceLine;
  children: TextNode[];
  groupingKeys: GroupingKey[];
}

interface GroupingKey {
  name: 'Group Key' | 'Hash Key' | 'Sort Key';
  keys: string[];
  /** Group keys of rows that are sorted once more. */
  isBelowSort: boolean;
}

/** Whatever a line can be printed for, and the column where these stand. */
interface Owner {
  column: number;
  fields: PlanFields;
  node: TextNode | null;
  /** The aggregate of the "Sort Key" whose group keys stand here. */
  sortOf: TextNode | null;
}

interface OpenPlan {
  root: TextNode;
  nodes: TextNode[];
  fields: PlanFields;
  column: number;
}

/** A subplan's name, and the column where its node's "->" must stand. */
interface SubplanHeader {
  name: string;
  column: number;
  line: SourceLine;
}

/** A property whose literal goes on in the next line. */
interface OpenProperty {
  name: string;
  pieces: string[];
  state: SqlState;
  owner: Owner;
  line: SourceLine;
}

const subplanHeader = /^(?:InitPlan|SubPlan|CTE) \S/;
const workerLine = /^Worker (\d+): *(.*)$/s;

const indentOf = (text: string) => text.length - text.trimStart().length;

export interface TextPlanFrame {
  /** auto_explain prints no execution time: a plan of a log ends without it. */
  isLogged: boolean;
}

export function readTextPlans(lines: readonly SourceLine[], frame: TextPlanFrame): PlanDocument[] {
  const { preamble, start } = findStart(lines);
  const reader = new TextPlanReader(preamble, frame);
  for (const line of lines.slice(start)) reader.read(line);
  return reader.end();
}

class TextPlanReader {
  readonly #documents: PlanDocument[] = [];
  readonly #places = new Places();
  #plan: OpenPlan | null = null;
  #owners: Owner[] = [];
  #header: SubplanHeader | null = null;
  #open: OpenProperty | null = null;
  /** The line before. */
  #last: SourceLine | null = null;

  constructor(
    private readonly preamble: readonly SourceLine[],
    private readonly frame: TextPlanFrame,
  ) {}

  read(line: SourceLine): void {
    const { text } = line;
    if (this.#open !== null) this.#continue(this.#open, text);
    else if (text.trim() === '') return;
    else this.#readLine(line, text.trim(), indentOf(text));
    this.#last = line;
  }

  end(): PlanDocument[] {
    this.#finish();
    return this.#documents;
  }

  #readLine(line: SourceLine, body: string, column: number): void {
    const plan = this.#plan;
    if (plan === null || column < plan.column || (column === plan.column && isRoot(body))) {
      this.#finish();
      const headline = body.startsWith('->') ? null : parseHeadline(body);
      if (headline === null || !isHeadline(headline)) {
        failDamaged(describeNoPlan(body), placeInLine(line, column));
      }
      this.#begin(headline, line, column);
      return;
    }
    // where the first line was copied from its first letter on, all others stand one column further right
    const isFirst = this.#last === plan.root.line;
    if (isFirst && column === plan.column + step + 1) this.#begin(plan.root.headline, plan.root.line, plan.column + 1);
    if (body.startsWith('->')) this.#addNode(line, body, column);
    else this.#addLine(line, body, column);
  }

  #finish(): void {
    if (this.#plan === null || this.#last === null) return;
    if (this.#open !== null)
      failDamaged(`The text of "${this.#open.name}" has no end`, placeInLine(this.#open.line, 0));
    if (this.#header !== null) failDamaged(`${this.#header.name} has no node`, placeInLine(this.#header.line, 0));
    checkWhole(this.#plan, this.#last, this.frame);
    const document = toDocument(this.#plan, this.#documents.length === 0 ? this.preamble : []);
    this.#places.set(document, placeInLine(this.#plan.root.line, 0));
    for (const { fields, line } of this.#plan.nodes) this.#places.set(fields, placeInLine(line, indentOf(line.text)));
    this.#documents.push({ fields: document, placeOf: (path) => this.#places.find(document, path) });
    this.#plan = null;
  }

  #begin(headline: Headline, line: SourceLine, column: number): void {
    const root: TextNode = { fields: headline.fields, headline, line, children: [], groupingKeys: [] };
    this.#plan = { root, nodes: [root], fields: {}, column };
    this.#owners = [
      { column, fields: this.#plan.fields, node: null, sortOf: null },
      { column: column + step, fields: root.fields, node: root, sortOf: null },
    ];
  }

  #addNode(line: SourceLine, text: string, column: number): void {
    const headline = parseHeadline(text.slice(2).trimStart());
    if (headline === null) failDamaged("A node's costs or figures are not whole", placeInLine(line, column));
    const subplan = this.#header !== null && this.#header.column === column ? this.#header : null;
    if (this.#header !== null && subplan === null)
      failDamaged(`${this.#header.name} has no node`, placeInLine(this.#header.line, 0));
    this.#header = null;
    const parent = this.#ownerAt(subplan === null ? column : column - step, line).node;
    if (parent === null) failDamaged('This node is below no other', placeInLine(line, column));
    const node: TextNode = { fields: headline.fields, headline, line, children: [], groupingKeys: [] };
    if (subplan !== null) {
      node.fields['Parent Relationship'] = subplan.name.startsWith('SubPlan') ? 'SubPlan' : 'InitPlan';
      node.fields['Subplan Name'] = subplan.name;
    }
    parent.children.push(node);
    this.#plan?.nodes.push(node);
    this.#owners.push({ column: column + arrowWidth, fields: node.fields, node, sortOf: null });
  }

  /** The owner whose lines stand at a column; those further right are closed. */
  #ownerAt(column: number, line: SourceLine): Owner {
    while ((this.#owners.at(-1)?.column ?? -1) > column) this.#owners.pop();
    const owner = this.#owners.at(-1);
    if (owner?.column !== column) {
      return failDamaged('This line is indented as none of a plan can be', placeInLine(line, indentOf(line.text)));
    }
    return owner;
  }

  #pushOwner(column: number, fields: PlanFields, sortOf: TextNode | null = null): void {
    this.#owners.push({ column: column + step, fields, node: null, sortOf });
  }

  /** Takes the next line of an expression whose literal holds a line break. */
  #continue(open: OpenProperty, text: string): void {
    open.pieces.push(text);
    open.state = scanSql(text, open.state);
    this.#endExpression(open);
  }

  #endExpression(open: OpenProperty): void {
    const { name, pieces, state, owner, line } = open;
    this.#open = state.openQuote === null ? null : open;
    if (this.#open !== null) return;
    if (state.depth !== 0) {
      failDamaged(`The brackets of "${name}" are not in pairs`, placeInLine(line, indentOf(line.text)));
    }
    this.#take({ name, value: pieces.join('\n') }, owner);
  }

  #take(property: Property, owner: Owner): void {
    const { name, value } = property;
    const { column, fields } = owner;
    if (this.#readGroupingKey(owner, property)) {
      if (name === 'Sort Key') this.#pushOwner(column, fields, owner.node);
      return;
    }
    if (name === 'Settings') fields[name] = readSettings(value);
    else if (name === 'Serialization') {
      const serialization = readSerialization(value);
      fields[name] = serialization;
      this.#pushOwner(column, serialization);
    } else if (value === '' && !isExpression(name)) {
      const [, workerNumber] = /^JIT for worker (\d+)$/.exec(name) ?? [];
      const group: PlanFields = {};
      if (workerNumber === undefined) fields[name] = group;
      else workerOf(fields, Number(workerNumber))['JIT'] = group;
      this.#pushOwner(column, group);
    } else if (/^(?:Planning|Execution) time$/.test(name)) {
      // up to 9.6
      readProperty({ name: name.replace('time', 'Time'), value }, fields);
    } else readProperty(property, fields);
  }

  /** Keys of grouping sets are put together when the node is whole: the first line does not tell that there are several. */
  #readGroupingKey({ node, sortOf }: Owner, { name, value }: Property): boolean {
    if (name !== 'Group Key' && name !== 'Hash Key' && name !== 'Sort Key') return false;
    const aggregate = sortOf ?? (node?.fields['Node Type'] === 'Aggregate' ? node : null);
    if (aggregate === null) return false;
    const keys = value === '()' ? [] : splitSqlList(value);
    aggregate.groupingKeys.push({ name, keys, isBelowSort: sortOf !== null });
    return true;
  }

  #addLine(line: SourceLine, body: string, column: number): void {
    if (this.#header !== null) failDamaged(`${this.#header.name} has no node`, placeInLine(this.#header.line, 0));
    const owner = this.#ownerAt(column, line);
    if (owner.node !== null && subplanHeader.test(body)) {
      this.#header = { name: body, column: column + step, line };
      return;
    }
    const [, workerNumber, ofWorker] = workerLine.exec(body) ?? [];
    if (workerNumber !== undefined && owner.node !== null) {
      const worker = workerOf(owner.fields, Number(workerNumber));
      this.#pushOwner(column, worker);
      if (ofWorker === undefined || ofWorker === '' || readWorkerActual(ofWorker, worker)) return;
      const figures = splitProperty(ofWorker);
      if (figures === null) failDamaged("A worker's figures are not whole", placeInLine(line, column));
      readProperty(figures, worker);
      return;
    }
    if (owner.node === null && owner.fields === this.#plan?.fields) {
      const trigger = readTrigger(body);
      if (trigger !== null) {
        owner.fields['Triggers'] = [...((owner.fields['Triggers'] ?? []) as PlanFields[]), trigger];
        return;
      }
    }
    const target = parseTargetTable(body);
    if (
      target !== null &&
      (owner.fields['Node Type'] === 'ModifyTable' || owner.fields['Node Type'] === 'Foreign Scan')
    ) {
      owner.fields['Target Tables'] = [...((owner.fields['Target Tables'] ?? []) as PlanFields[]), target];
      this.#pushOwner(column, target);
      return;
    }
    const property = splitProperty(body);
    if (property === null) failDamaged('This is no line of a plan', placeInLine(line, column));
    if (isExpression(property.name)) {
      const { name, value } = property;
      this.#endExpression({ name, pieces: [value], state: scanSql(value), owner, line });
    } else this.#take(property, owner);
  }
}

function workerOf(fields: PlanFields, number: number): PlanFields {
  const workers = (fields['Workers'] ?? []) as PlanFields[];
  fields['Workers'] = workers;
  const known = workers.find((worker) => worker['Worker Number'] === number);
  if (known !== undefined) return known;
  const worker: PlanFields = { 'Worker Number': number };
  workers.push(worker);
  return worker;
}

const isHeadline = ({ fields, hasCosts, hasActual }: Headline) =>
  hasCosts || hasActual || isKnownType(fields['Node Type']);

function isRoot(body: string): boolean {
  if (body.startsWith('->')) return false;
  const headline = parseHeadline(body);
  if (headline === null) return false;
  return headline.hasCosts || headline.hasActual || (isHeadline(headline) && splitProperty(body) === null);
}

function describeNoPlan(body: string): string {
  if (body.startsWith('->') || splitProperty(body) !== null) return 'The beginning of the plan is missing';
  return /\((?:cost|actual)\b/.test(body) ? "A node's costs or figures are not whole" : 'No plan begins here';
}

const partOfPlan = /^\s*->|\((?:cost=|actual |never executed)|^\s+[A-Z][\w ]+: |^(?:Planning|Execution) Time: /;

/** A statement may stand before its plan ("Query Text: ..." in a log), but no part of a plan. */
function findStart(lines: readonly SourceLine[]): { preamble: readonly SourceLine[]; start: number } {
  const start = lines.findIndex(({ text }) => {
    const body = text.trim();
    if (!/\((?:cost=|actual )/.test(body) || body.startsWith('->')) return false;
    const headline = parseHeadline(body);
    return headline !== null && isHeadline(headline);
  });
  const isLogged = lines[0]?.text.startsWith('Query Text: ') === true;
  const preamble = lines.slice(0, Math.max(0, start));
  if (start < 0 || (!isLogged && preamble.some(({ text }) => partOfPlan.test(text)))) return { preamble: [], start: 0 };
  return { preamble, start };
}

/** What can be told from the text alone to be missing: children of a node, figures, the end of an ANALYZE. */
function checkWhole({ root, nodes, fields }: OpenPlan, last: SourceLine, { isLogged }: TextPlanFrame): void {
  const end = placeInLine(last, last.text.length);
  // an extension may show plans of another server, made with other options
  const isForeign = nodes.some(
    ({ headline }) =>
      !isKnownType(headline.fields['Node Type']) || headline.fields['Custom Plan Provider'] !== undefined,
  );
  for (const { headline, line, children } of nodes) {
    const type = String(headline.fields['Node Type']);
    checkChildren(
      headline.fields,
      children.map((child) => child.fields),
      placeInLine(line, indentOf(line.text)),
    );
    if (isForeign) continue;
    if (headline.hasCosts !== root.headline.hasCosts || headline.hasActual !== root.headline.hasActual) {
      failDamaged(`The figures of the node ${type} are missing`, placeInLine(line, indentOf(line.text)));
    }
  }
  if (root.headline.hasActual && !isLogged && fields['Execution Time'] === undefined) {
    failDamaged('The plan ends without its "Execution Time"', end);
  }
}

const usedBlocks = ['Shared', 'Local'].flatMap((kind) =>
  ['Hit', 'Read', 'Dirtied', 'Written'].map((use) => `${kind} ${use} Blocks`),
);
const blockNames = [...usedBlocks, 'Temp Read Blocks', 'Temp Written Blocks'];

function toDocument({ root, nodes, fields }: OpenPlan, preamble: readonly SourceLine[]): PlanFields {
  const hasTiming = nodes.some(({ fields: of }) => of['Actual Total Time'] !== undefined);
  const hasBuffers = nodes.some(({ fields: of }) => blockNames.some((name) => of[name] !== undefined));
  for (const { fields: of, headline, children, groupingKeys } of nodes) {
    addGroupingKeys(of, groupingKeys);
    if (headline.hasActual) addZeroes(of, hasTiming, hasBuffers);
    if (children.length > 0) of['Plans'] = children.map((child) => child.fields);
    addRelationships(of, children);
  }
  const queryText = /^Query Text: (.*)$/s.exec(preamble.map(({ text }) => text).join('\n'))?.[1];
  return { ...(queryText === undefined ? {} : { 'Query Text': queryText }), Plan: root.fields, ...fields };
}

/** JSON prints counters of zero too. */
function addZeroes(fields: PlanFields, hasTiming: boolean, hasBuffers: boolean): void {
  const zero = (name: string) => (fields[name] ??= 0);
  if (hasTiming) {
    zero('Actual Startup Time');
    zero('Actual Total Time');
  }
  if (hasBuffers) blockNames.forEach(zero);
  if (fields['Filter'] !== undefined) zero('Rows Removed by Filter');
  if (fields['Join Filter'] !== undefined) zero('Rows Removed by Join Filter');
  const rechecks =
    fields['Node Type'] === 'Bitmap Heap Scan'
      ? fields['Recheck Cond']
      : /^Index (?:Only )?Scan$/.test(String(fields['Node Type'])) && fields['Index Cond'];
  if (typeof rechecks === 'string') zero('Rows Removed by Index Recheck');
}

const memberOwners: ReadonlySet<string> = new Set(['Append', 'Merge Append', 'BitmapAnd', 'BitmapOr']);

/** What a node is to its parent: subplans have a line of their own for it, the others their place. */
function addRelationships(parent: PlanFields, children: readonly TextNode[]): void {
  const type = String(parent['Node Type']);
  const inputs = children.filter(({ fields }) => fields['Subplan Name'] === undefined);
  inputs.forEach(({ fields }, index) => {
    if (memberOwners.has(type) || (type === 'ModifyTable' && inputs.length > 1))
      fields['Parent Relationship'] = 'Member';
    else if (type === 'Subquery Scan') fields['Parent Relationship'] = 'Subquery';
    else if (type === 'Custom Scan') fields['Parent Relationship'] = inputs.length === 1 ? 'child' : 'children';
    else fields['Parent Relationship'] = index === 0 ? 'Outer' : 'Inner';
  });
}

function addGroupingKeys(fields: PlanFields, lines: readonly GroupingKey[]): void {
  const [only] = lines;
  if (only === undefined) return;
  if (lines.length === 1 && only.name === 'Group Key' && only.keys.length > 0) {
    fields['Group Key'] = only.keys;
    return;
  }
  const sets: PlanFields[] = [];
  let current: PlanFields | null = null;
  for (const { name, keys, isBelowSort } of lines) {
    if (name === 'Sort Key') {
      current = { 'Sort Key': keys };
      sets.push(current);
      continue;
    }
    const list = name === 'Hash Key' ? 'Hash Keys' : 'Group Keys';
    // hashed sets are one each; sorted ones that share an order follow one another
    const joins = current !== null && name === 'Group Key' && isBelowSort === 'Sort Key' in current;
    if (current === null || !joins) {
      current = {};
      sets.push(current);
    }
    current[list] = [...((current[list] ?? []) as string[][]), keys];
    if (name === 'Hash Key') current = null;
  }
  fields['Grouping Sets'] = sets;
}
