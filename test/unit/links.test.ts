// Links and pictures of the documentation lead to something that is in the repository.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const documents = ['README.md', 'CONTRIBUTING.md', 'docs'];

const git = (...args: string[]) =>
  execFileSync('git', args, { encoding: 'utf8' })
    .split('\0')
    .filter((name) => name !== '');

/** Inline links, pictures and HTML's own; what stands in code is no link. */
function findTargets(markdown: string): string[] {
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(\s*([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"/g)]
    .map(([, inline, html]) => inline ?? html ?? '')
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** As GitHub makes the address of a heading. */
const toAnchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

describe('the documentation', () => {
  it('has no relative link or picture that leads nowhere', () => {
    const files = new Set(git('ls-files', '-z'));
    const folders = new Set([...files].flatMap((file) => (file.includes('/') ? [path.posix.dirname(file)] : [])));
    const pages = git('ls-files', '-z', '--', ...documents).filter((name) => name.endsWith('.md'));
    assert.ok(pages.length > documents.length);
    let count = 0;
    const broken = pages.flatMap((page) =>
      findTargets(readFileSync(page, 'utf8')).flatMap((target) => {
        count++;
        const [file = '', anchor] = target.split('#');
        const name = file === '' ? page : path.posix.join(path.posix.dirname(page), decodeURI(file)).replace(/\/$/, '');
        if (!files.has(name) && !folders.has(name)) return [`${page}: ${target}`];
        if (anchor === undefined) return [];
        const headings = [...readFileSync(name, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
        return headings.some((heading) => toAnchor(heading) === anchor) ? [] : [`${page}: ${target}`];
      }),
    );
    assert.ok(count > pages.length / 2, 'links are found');
    assert.deepEqual(broken, []);
  });
});
