// How a database of the sandbox is made to sort texts as the source does. What matters to plans is above all whether the
// order is that of bytes (C): only then a plain index serves LIKE 'a%'.
import type { CapturedLocale } from './captured-database';

export interface LocaleChoice {
  /** Behind CREATE DATABASE. */
  options: string;
  /** How it differs from the source's; null when it does not. */
  difference: string | null;
  /** The order is that of bytes, and the source's is not. */
  sortsByBytes: boolean;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const isBytewise = (locale: string) => /^(?:C|POSIX)(?:\.|$)/i.test(locale);

/** Best first: this machine may not have the source's locale. */
export function findLocaleChoices(locale: CapturedLocale, versionNumber: number): LocaleChoice[] {
  const encoding = `ENCODING ${literal(locale.encoding)}`;
  const own = `LC_COLLATE ${literal(locale.collate)} LC_CTYPE ${literal(locale.ctype)}`;
  const bytes = "LC_COLLATE 'C' LC_CTYPE 'C'";
  const icu = (name: string, from: string) => `LOCALE_PROVIDER icu ICU_LOCALE ${literal(name)} ${from}`;
  const tag = (name: string) => name.replace(/[.@].*$/, '').replaceAll('_', '-');
  const hasIcu = versionNumber >= 150_000;
  const choices: LocaleChoice[] = [];
  const add = (options: string, difference: string | null, sortsByBytes = false) => {
    choices.push({ options: `${encoding} ${options}`, difference, sortsByBytes });
  };
  const named = locale.locale ?? locale.collate;
  const different = `the order of texts is not exactly that of the source's locale ${named}`;
  if (locale.provider === 'i' && hasIcu) {
    add(icu(named, own), null);
    add(icu(named, bytes), null);
  } else if (locale.provider === 'b' && versionNumber >= 170_000) {
    add(`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(named)} ${own}`, null);
    add(`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(named)} ${bytes}`, null);
  } else if (locale.provider === 'c') {
    add(`${versionNumber >= 150_000 ? 'LOCALE_PROVIDER libc ' : ''}${own}`, null);
  }
  const isC = locale.provider === 'b' || (locale.provider === 'c' && isBytewise(locale.collate));
  if (!isC && hasIcu) add(icu(tag(named), bytes), different);
  const bytewise = `${hasIcu ? 'LOCALE_PROVIDER libc ' : ''}${bytes}`;
  const byBytes = `texts are ordered by their bytes, and not by ${named}`;
  add(bytewise, isC ? null : byBytes, !isC);
  choices.push({
    options: `ENCODING 'UTF8' ${bytewise}`,
    difference: isC ? different : byBytes,
    sortsByBytes: !isC,
  });
  return choices;
}
