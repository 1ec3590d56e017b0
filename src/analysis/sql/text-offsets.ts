// PostgreSQL counts bytes in parse trees and code points in error positions; editors count UTF-16 units.

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Maps UTF-8 byte offsets of `text` to UTF-16 offsets; an offset inside a character gives the character's start. */
export function mapByteOffsets(text: string): (byteOffset: number) => number {
  if (/^[\t\n\v\f\r -~]*$/.test(text)) return (byteOffset) => Math.min(Math.max(byteOffset, 0), text.length);
  const starts: number[] = [];
  const offsets: number[] = [];
  let bytes = 0;
  let offset = 0;
  for (const character of text) {
    starts.push(bytes);
    offsets.push(offset);
    bytes += utf8Length(character.codePointAt(0) ?? 0);
    offset += character.length;
  }
  return (byteOffset) => {
    if (byteOffset >= bytes) return text.length;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= byteOffset) low = middle;
      else high = middle - 1;
    }
    return offsets[low] ?? 0;
  };
}

/** Maps a number of code points from the start of `text` to a UTF-16 offset. */
export function toUtf16Offset(text: string, codePoints: number): number {
  let offset = 0;
  let left = codePoints;
  for (const character of text) {
    if (left <= 0) break;
    offset += character.length;
    left -= 1;
  }
  return offset;
}
