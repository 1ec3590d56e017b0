// `npm run package`: the .vsix and the npm tarball, in out/packages.
import { packProduct } from './environment/packages';
import { endRun } from './environment/supervision';

for (const file of await packProduct()) console.log(file);
await endRun();
