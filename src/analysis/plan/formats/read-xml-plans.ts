// Reads EXPLAIN's XML: elements and text, no attributes but the namespace. Names have "-" for whatever XML does not take,
// and lists hold elements named Item or as the list without its "s" (docs/decisions/0013-plan-formats.md).
import { failDamaged, isFields, Places, type Place, type PlanDocument, type PlanFields } from './plan-source';
import { toScalar } from './scalar';

interface Element {
  name: string;
  offset: number;
  /** Null until there is one: then what stands between is blank. */
  children: { name: string; value: unknown }[];
  text: string;
}

const token = /<\?[^>]*\?>|<!--[^]*?-->|<(\/?)([A-Za-z_][\w.-]*)(?:\s[^<>]*?)?(\/?)>|([^<]+)/y;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Names whose "-" was one before, or was a slash. */
const otherNames: Readonly<Record<string, string>> = {
  'One-Time-Filter': 'One-Time Filter',
};

const lists: ReadonlySet<string> = new Set(['Triggers', 'Workers', 'Plans']);

function toFieldName(name: string): string {
  return otherNames[name] ?? name.replace(/\bI-O\b/, 'I/O').replaceAll(/-(?!\/)/g, ' ');
}

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (all, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? all;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

/**
 * An incremental sort's groups have names of their own in JSON alone: here they are told apart by their order (full-sort
 * groups are always there and first, memory comes before disk), and one that spilled by its method.
 */
function namelessGroup(name: string, before: PlanFields, siblings: Element['children']): string | null {
  if (name === 'Incremental-Sort-Groups') {
    return before['Full-sort Groups'] === undefined ? 'Full-sort Groups' : 'Pre-sorted Groups';
  }
  if (name !== 'Sort-Space') return null;
  const isFirst = before['Sort Space Memory'] === undefined;
  const isOnly = siblings.filter((sibling) => sibling.name === name).length === 1;
  const methods = before['Sort Methods Used'];
  const isExternal =
    isOnly && Array.isArray(methods) && methods.every((method) => String(method).startsWith('external'));
  return isFirst && !isExternal ? 'Sort Space Memory' : 'Sort Space Disk';
}

function toValue({ name, children, text }: Element, isSetting: boolean, places: Places, place: () => Place): unknown {
  if (children.length === 0) {
    const plain = decode(text);
    // EXPLAIN prints these also when there is nothing in them
    if (lists.has(name) && plain.trim() === '') return [];
    return isSetting || name === 'Item' ? plain : toScalar(toFieldName(name), plain);
  }
  if (children.every((child) => child.name === 'Item' || `${child.name}s` === name)) {
    return children.map(({ value }) => value);
  }
  const fields: PlanFields = {};
  for (const child of children) {
    fields[
      name === 'Settings' ? child.name : (namelessGroup(child.name, fields, children) ?? toFieldName(child.name))
    ] = child.value;
  }
  places.set(fields, place());
  return fields;
}

export function readXmlPlans(xml: string, toPlace: (offset: number) => Place): PlanDocument[] {
  const places = new Places();
  const stack: Element[] = [];
  let root: Element | null = null;
  token.lastIndex = 0;
  let offset = 0;
  for (let match = token.exec(xml); match !== null; match = token.exec(xml)) {
    const [all, closing, name, empty, text] = match;
    const top = stack.at(-1);
    if (text !== undefined) {
      if (top !== undefined) top.text += text;
      else if (text.trim() !== '') break;
    } else if (name !== undefined) {
      if (closing === '/') {
        if (top?.name !== name) failDamaged(`</${name}> closes nothing that is open`, toPlace(offset));
      } else {
        if (top === undefined && root !== null) break;
        stack.push({ name, offset, children: [], text: '' });
      }
      if (closing === '/' || empty === '/') {
        const element = stack.pop();
        const parent = stack.at(-1);
        if (element === undefined) break;
        if (parent === undefined) root = element;
        else {
          const value = toValue(element, parent.name === 'Settings', places, () => toPlace(element.offset));
          parent.children.push({ name: element.name, value });
        }
      }
    }
    offset += all.length;
  }
  const unclosed = stack.at(-1);
  if (offset < xml.trimEnd().length) failDamaged('This is no XML as EXPLAIN prints it', toPlace(offset));
  if (unclosed !== undefined || root === null) {
    failDamaged(`The plan ends before </${unclosed?.name ?? 'explain'}>`, toPlace(xml.trimEnd().length));
  }
  const { children } = root;
  const queries = children.filter(({ name }) => name === 'Query').map(({ value }) => value);
  // auto_explain prints the fields of its one plan at the top
  const documents = queries.length > 0 ? queries : [toValue({ ...root, name: '' }, false, places, () => toPlace(0))];
  return documents.map((fields) => ({
    fields,
    placeOf: (path) => (isFields(fields) ? places.find(fields, path) : toPlace(0)),
  }));
}
