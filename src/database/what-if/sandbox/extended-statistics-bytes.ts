// Extended statistics as the server stores them (statistics/mvdistinct.c, statistics/dependencies.c), made from the texts
// that pg_stats_ext shows to roles that can't read the bytes.

const distinctMagic = 0xa352bfa4;
const dependenciesMagic = 0xb4549a2c;
/** STATS_NDISTINCT_TYPE_BASIC and STATS_DEPS_TYPE_BASIC. */
const basicType = 1;
const headerBytes = 12;

interface Item {
  attributes: number[];
  value: number;
}

/** {"1, 2": 30, ...} and {"3 => 7": 0.9, ...}; 19 prints lists of objects, which this does not read. */
function parseItems(text: string): Item[] {
  return [...text.matchAll(/"([^"]+)":\s*([-+.\de]+)/g)].map(([, names = '', value = '']) => ({
    attributes: (names.match(/-?\d+/g) ?? []).map(Number),
    value: Number(value),
  }));
}

function toBytes(magic: number, items: readonly Item[], writeCount: (item: Buffer, count: number) => number): string {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(basicType, 4);
  header.writeUInt32LE(items.length, 8);
  const parts = items.map(({ attributes, value }) => {
    const item = Buffer.alloc(16 + 2 * attributes.length);
    item.writeDoubleLE(value, 0);
    let end = writeCount(item, attributes.length);
    for (const attribute of attributes) end = item.writeInt16LE(attribute, end);
    return item.subarray(0, end);
  });
  return `\\x${Buffer.concat([header, ...parts]).toString('hex')}`;
}

export function toDistinctBytes(text: string): string {
  return toBytes(distinctMagic, parseItems(text), (item, count) => item.writeInt32LE(count, 8));
}

export function toDependenciesBytes(text: string): string {
  return toBytes(dependenciesMagic, parseItems(text), (item, count) => item.writeInt16LE(count, 8));
}
