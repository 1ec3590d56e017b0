// The extension unpacked as VS Code runs it, the .vsix, and the npm tarball. All are made in a folder of their own, so
// that several runs at once and a developer's dist/ do not disturb each other.
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildProduct, root } from './bundles';
import { run } from './cache';
import { stageEmbeddedPostgres, type PackageTarget } from './embedded-postgres';
import { makeTemporaryFolder } from './supervision';

/** A picture that is a paragraph of its own in README.md. */
const picture = /^!\[.*\]\(.+\)\n\n?/gm;

/** What stands in the place of the first one. */
export const wherePicturesAre = "Pictures of all this are in the README.md of PG Insight's repository.";

/** A link, and what it leads to: a page that is in both packages, or an address. */
const link = /\[([^\]]*)\]\(([^)]+)\)/g;
const packagedPage = /^(?:https:|docs\/(?!decisions\/).+\.md$|CHANGELOG\.md$)/;

/**
 * README.md as it is in both packages: VS Code's page of an extension and npm's of a package show neither files of the
 * package nor data addresses as pictures, only https, and a broken picture is worse than none: it is said where they are.
 * Of a link to what is not in the packages (the repository's own pages, folders) the words are left.
 */
async function copyReadme(folder: string): Promise<void> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  let isFirst = true;
  const packaged = readme
    .replace(picture, () => {
      const text = isFirst ? `${wherePicturesAre}\n\n` : '';
      isFirst = false;
      return text;
    })
    .replace(link, (whole, words: string, target: string) => (packagedPage.test(target) ? whole : words));
  await writeFile(path.join(folder, 'README.md'), packaged);
}

const files = ['package.json', 'CHANGELOG.md', 'LICENSE', '.vscodeignore', '.npmignore'];

export interface StagedProduct {
  /** What is packed, and what VS Code can run as a development extension. */
  folder: string;
  /**
   * Makes the .vsix and returns its path; it lies in the folder, or in `into`. For one platform it brings PostgreSQL along;
   * without a target it is for all, and its sandbox needs a PostgreSQL on the machine.
   */
  packVsix: (into?: string, target?: PackageTarget) => Promise<string>;
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
  await copyReadme(folder);
  return {
    folder,
    async packVsix(into = packages, target) {
      const file = path.join(into, target === undefined ? 'pg-insight.vsix' : `pg-insight-${target}.vsix`);
      const postgres = path.join(folder, 'dist', 'postgres');
      await rm(postgres, { recursive: true, force: true });
      if (target !== undefined) await stageEmbeddedPostgres(target, postgres);
      const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
      const flags = [
        '--no-dependencies',
        '--no-rewrite-relative-links',
        '--allow-missing-repository',
        '--skip-license',
        ...(target === undefined ? [] : ['--target', target]),
      ];
      await run(process.execPath, [vsce, 'package', ...flags, '--out', file], { cwd: folder });
      return file;
    },
    async packNpm(into = packages) {
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

/** Where the packages of `npm test` and `npm run package` lie. */
export const packagesFolder = path.join(root, 'out', 'packages');

/** Makes both packages anew, and the .vsix of each platform named; returns their paths, relative to the repository. */
export async function packProduct(targets: readonly PackageTarget[] = []): Promise<string[]> {
  await rm(packagesFolder, { recursive: true, force: true });
  await mkdir(packagesFolder, { recursive: true });
  const product = await stageProduct();
  const packed = [await product.packVsix(packagesFolder), await product.packNpm(packagesFolder)];
  for (const target of targets) packed.push(await product.packVsix(packagesFolder, target));
  await product.remove();
  return packed.map((file) => path.relative(root, file));
}
