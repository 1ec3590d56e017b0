// How numbers are written, in the editor, the terminal and every output format: one place, so that the same figure reads
// the same everywhere. English digits with commas for thousands, three significant digits where a measurement has no more
// to say, and a visible sign for "not known", which is never written as 0.

/** Written where there is no figure. */
export const missing = '–';

/**
 * Formatters by number of decimals: making one costs far more than using it. Each is made when it is needed, for all of
 * them together took half of what the extension's start computes.
 */
const formatters = new Map<number, Intl.NumberFormat>();

function findFormatter(decimals: number): Intl.NumberFormat {
  let formatter = formatters.get(decimals);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formatters.set(decimals, formatter);
  }
  return formatter;
}

function fixed(value: number, decimals: 0 | 1 | 2 | 3): string {
  const text = findFormatter(decimals).format(value);
  return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text;
}

/** Decimals that leave three significant digits, whole numbers in full; the bounds are where rounding adds a digit. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return fixed(value, 0);
  if (size >= 9.995) return fixed(value, 1);
  if (size >= 0.9995) return fixed(value, 2);
  return fixed(value, 3);
}

/** "1,234,567"; averages keep up to two decimals ("0.33"). */
export function formatCount(value: number | null): string {
  if (value === null) return missing;
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return fixed(value, 0);
  return fixed(value, 2).replace(/\.?0+$/, '');
}

/** "1,234", or "12.3k", "4.57M", "1.2B" where a column has no room for more. */
export function formatCompactCount(value: number | null): string {
  if (value === null) return missing;
  for (const [unit, size] of [
    ['B', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    // four digits still fit, and 999.5k would be written as 1,000k
    if (Math.abs(value) >= size * (size === 1e3 ? 10 : 0.9995)) return `${threeDigits(value / size)}${unit}`;
  }
  return formatCount(value);
}

/** "1 row", "1,234 rows"; averages count as many. The plural is given where it is not the singular with an s. */
export function formatQuantity(value: number | null, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${value === 1 ? singular : plural}`;
}

/** "0.045 ms", "12.3 ms", "1,234 ms", from ten seconds "12.3 s", from two minutes "2 min 5 s". */
export function formatMs(ms: number | null): string {
  if (ms === null) return missing;
  if (ms === 0) return '0 ms';
  if (Math.abs(ms) < 0.0005) return '<0.001 ms';
  if (Math.abs(ms) < 9_999.5) return `${threeDigits(ms)} ms`;
  if (Math.abs(ms) < 119_500) return `${threeDigits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 7200) return `${fixed(Math.floor(seconds / 60), 0)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${fixed(Math.floor(minutes / 60), 0)} h ${minutes % 60} min`;
}

const byteUnits = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** PostgreSQL's own units (1 kB is 1024 bytes): "512 bytes", "8 kB", "1.46 MB", "23.4 GB". */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return missing;
  // an estimate may be a fraction; a byte has none
  if (Math.abs(bytes) < 1024) return formatQuantity(Math.round(bytes), 'byte');
  let size = bytes;
  let unit = 'bytes';
  for (const each of byteUnits) {
    if (Math.abs(size) < 1023.5) break;
    size /= 1024;
    unit = each;
  }
  return `${Number.isInteger(size) ? fixed(size, 0) : threeDigits(size)} ${unit}`;
}

/** Blocks of a server; 8192 bytes each unless it was built otherwise. */
export const defaultBlockSizeBytes = 8192;

/** "1,234 blocks (9.64 MB)" */
export function formatBlocks(blocks: number | null, blockSizeBytes: number = defaultBlockSizeBytes): string {
  if (blocks === null) return missing;
  return `${formatQuantity(blocks, 'block')} (${formatBytes(blocks * blockSizeBytes)})`;
}

/** How many times more: "1×", "1.5×", "12×", "1,234×". */
export function formatFactor(factor: number | null): string {
  if (factor === null) return missing;
  return `${factor < 9.95 ? fixed(factor, 1).replace('.0', '') : fixed(factor, 0)}×`;
}

/** 0 to 1 as "0%", "0.4%", "12%", "99.9%", "100%"; what is not none and not all is never written as such. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null) return missing;
  const percent = ratio * 100;
  if (percent === 0 || percent === 100) return `${percent}%`;
  if (percent > 0 && percent < 0.1) return '<0.1%';
  if (percent > 99.9 && percent < 100) return '>99.9%';
  return `${percent >= 9.95 && percent <= 99 ? fixed(percent, 0) : fixed(percent, 1).replace('.0', '')}%`;
}

/** A figure with its unit as an Evidence carries it: "ms", "bytes", "kB", "blocks", "ratio", "factor", any noun, or none. */
export function formatValue(value: number | string, unit: string | null): string {
  if (typeof value === 'string') return unit === null ? value : `${value} ${unit}`;
  switch (unit) {
    case null:
      return formatCount(value);
    case 'ms':
      return formatMs(value);
    case 'bytes':
      return formatBytes(value);
    case 'kB':
      return formatBytes(value * 1024);
    case 'blocks':
      return formatBlocks(value);
    case 'ratio':
      return formatRatio(value);
    case 'factor':
      return formatFactor(value);
    default:
      return `${formatCount(value)} ${unit}`;
  }
}
