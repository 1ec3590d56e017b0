// `npm run package`: the .vsix for all platforms, the one for this platform with PostgreSQL in it, and the npm tarball, in
// out/packages. `-- --target darwin-arm64` (several times, or `all`) makes the .vsix of other platforms instead of this one's.
import { parseArgs } from 'node:util';
import { findOwnTarget, isPackageTarget, platformPackages, type PackageTarget } from './environment/embedded-postgres';
import { packProduct } from './environment/packages';
import { endRun } from './environment/supervision';

function readTargets(): PackageTarget[] {
  const { target } = parseArgs({ options: { target: { type: 'string', multiple: true } } }).values;
  const all = Object.keys(platformPackages).filter(isPackageTarget);
  if (target === undefined) return [findOwnTarget()].filter((own) => own !== null);
  if (target.includes('all')) return all;
  return target.map((name) => {
    if (isPackageTarget(name)) return name;
    throw new Error(`There is no PostgreSQL for "${name}": expected ${all.join(', ')} or all.`);
  });
}

for (const file of await packProduct(readTargets())) console.log(file);
await endRun();
