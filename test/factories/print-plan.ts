// A plan in EXPLAIN's YAML and XML, made of its JSON by the rules of the server's explain.c. Real YAML and XML are compared in
// the database tier; this is for the many plans of which only JSON is recorded.

const names: Readonly<Record<string, string>> = {
  Plans: 'Plan',
  Workers: 'Worker',
  Triggers: 'Trigger',
  'Target Tables': 'Target-Table',
  'Grouping Sets': 'Grouping-Set',
  'Group Keys': 'Group-Key',
  'Hash Keys': 'Hash-Key',
};

/** Groups whose XML is named after their kind. */
const kinds: Readonly<Record<string, string>> = {
  'Full-sort Groups': 'Incremental Sort Groups',
  'Pre-sorted Groups': 'Incremental Sort Groups',
  'Sort Space Memory': 'Sort Space',
  'Sort Space Disk': 'Sort Space',
};

const toTag = (name: string) => (kinds[name] ?? name).replace(/[^A-Za-z0-9_.-]/g, '-');
const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#x0d;');

function* xmlLines(name: string, value: unknown, depth: number): Generator<string> {
  const indent = '  '.repeat(depth);
  const tag = toTag(name);
  if (Array.isArray(value)) {
    yield `${indent}<${tag}>`;
    for (const item of value) yield* xmlLines(names[name] ?? 'Item', item, depth + 1);
    yield `${indent}</${tag}>`;
  } else if (typeof value === 'object' && value !== null) {
    yield `${indent}<${tag}>`;
    for (const [field, each] of Object.entries(value)) yield* xmlLines(field, each, depth + 1);
    yield `${indent}</${tag}>`;
  } else yield `${indent}<${tag}>${escapeXml(String(value))}</${tag}>`;
}

export function printXml(documents: unknown): string {
  const lines = ['<explain xmlns="http://www.postgresql.org/2009/explain">'];
  for (const document of documents as unknown[]) {
    for (const line of xmlLines('Query', document, 1)) lines.push(line);
  }
  return [...lines, '</explain>', ''].join('\n');
}

function* yamlLines(name: string | null, value: unknown, depth: number): Generator<string> {
  const indent = '  '.repeat(depth);
  const label = name === null ? '- ' : `${name}: `;
  if (Array.isArray(value)) {
    if (name === null) {
      yield `${indent}- [${value.map((item) => JSON.stringify(item)).join(', ')}]`;
      return;
    }
    yield indent + label;
    for (const item of value) yield* yamlLines(null, item, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    const below = Object.entries(value).flatMap(([field, each]) => [...yamlLines(field, each, depth + 1)]);
    if (name !== null) yield indent + label;
    else if (below[0] !== undefined) below[0] = `${indent}- ${below[0].trimStart()}`;
    yield* below;
  } else yield indent + label + (typeof value === 'string' ? JSON.stringify(value) : String(value));
}

export function printYaml(documents: unknown): string {
  return (documents as unknown[]).flatMap((document) => [...yamlLines(null, document, 0)]).join('\n');
}
