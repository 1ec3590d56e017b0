// The extension unpacked as VS Code runs it, the .vsix, and the npm tarball. All are made in a folder of their own, so
// that several runs at once and a developer's dist/ do not disturb each other.
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildProduct, root } from './bundles';
import { run } from './cache';
import { makeTemporaryFolder } from './supervision';

/** A picture that is a paragraph of its own in README.md. */
const picture = /^!\[(.*)\]\((media\/.+\.png)\)\n\n?/gm;

/**
 * README.md of the .vsix: VS Code's page of an extension shows pictures from https and data addresses only, so that those
 * of the repository are put into the text.
 */
async function embedPictures(readme: string): Promise<string> {
  const files = [...readme.matchAll(picture)].map(([, , file = '']) => file);
  const contents = await Promise.all(files.map((file) => readFile(path.join(root, file), 'base64')));
  return files.reduce(
    (text, file, index) => text.replace(`(${file})`, `(data:image/png;base64,${contents[index] ?? ''})`),
    readme,
  );
}

/** README.md of the npm package, which has no pictures: all are of the editor. */
const leaveOutPictures = (readme: string) => readme.replace(picture, '');

const files = ['package.json', 'CHANGELOG.md', 'LICENSE', '.vscodeignore', '.npmignore'];

export interface StagedProduct {
  /** What is packed, and what VS Code can run as a development extension. */
  folder: string;
  /** Makes the .vsix and returns its path; it lies in the folder, or in `into`. */
  packVsix: (into?: string) => Promise<string>;
  /** Makes the npm tarball and returns its path. */
  packNpm: (into?: string) => Promise<string>;
  remove: () => Promise<void>;
}

/** Builds the product into a temporary folder together with all that the packages hold. */
export async function stageProduct(): Promise<StagedProduct> {
  const stage = await makeTemporaryFolder('stage');
  const folder = path.join(stage.path, 'product');
  const packages = path.join(stage.path, 'packages');
  await mkdir(packages);
  await buildProduct(path.join(folder, 'dist'));
  await Promise.all(
    files
      .filter((name) => existsSync(path.join(root, name)))
      .map((name) => copyFile(path.join(root, name), path.join(folder, name))),
  );
  await cp(path.join(root, 'media'), path.join(folder, 'media'), { recursive: true });
  await cp(path.join(root, 'docs'), path.join(folder, 'docs'), { recursive: true });
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const writeReadme = (text: string) => writeFile(path.join(folder, 'README.md'), text);
  return {
    folder,
    async packVsix(into = packages) {
      await writeReadme(await embedPictures(readme));
      const file = path.join(into, 'pg-insight.vsix');
      const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
      const flags = [
        '--no-dependencies',
        '--no-rewrite-relative-links',
        '--allow-missing-repository',
        '--skip-license',
      ];
      await run(process.execPath, [vsce, 'package', ...flags, '--out', file], { cwd: folder });
      return file;
    },
    async packNpm(into = packages) {
      await writeReadme(leaveOutPictures(readme));
      const output = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
        cwd: folder,
      });
      const [packed] = JSON.parse(output) as { filename: string }[];
      if (packed === undefined) throw new Error(`npm pack told no file name: ${output}`);
      return path.join(into, packed.filename);
    },
    remove: stage.remove,
  };
}

/** The environment variable by which a whole run hands the .vsix it has built to its UI tier. */
export const vsixVariable = 'PG_INSIGHT_VSIX';

/** The .vsix to test: that of the whole run, else a new one. */
export async function provideVsix(): Promise<string> {
  const built = process.env[vsixVariable];
  if (built !== undefined) return built;
  // the folder goes with the run
  return (await stageProduct()).packVsix();
}
