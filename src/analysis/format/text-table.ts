// Rows of texts in columns, for a terminal and for Markdown.

export interface TextColumn {
  title: string;
  /** 'prose' is aligned left and may be broken into lines where there are any: sentences and SQL, no names. */
  align: 'left' | 'right' | 'prose';
}

/** How many columns of a terminal a text takes: wide characters (East Asian, emoji) take two, combining ones none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.normalize('NFC')) {
    if (/\p{M}|\p{Cf}/u.test(character)) continue;
    width +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** A name may hold anything, a line break or an escape sequence too: neither may reach a terminal. */
export function toOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === '\n') return '\\n';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Breaks at spaces; a word that is longer than the line keeps its own. */
export function wrapText(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Lines without padding at their ends; the first one holds the titles. */
export function formatTextTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    rows.reduce((width, row) => Math.max(width, displayWidth(row[index] ?? '')), displayWidth(title)),
  );
  const pad = (text: string, index: number) => {
    const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
    return columns[index]?.align === 'right' ? space + text : text + space;
  };
  return [columns.map(({ title }) => title), ...rows].map((row) => row.map(pad).join('  ').trimEnd());
}

export function escapeMarkdown(text: string): string {
  return toOneLine(text)
    .replace(/[\\`*_[\]|~]/g, (sign) => `\\${sign}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** `rows` are Markdown already. */
export function formatMarkdownTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const toRow = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    toRow(columns.map(({ title }) => title)),
    toRow(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map(toRow),
  ];
}
