import { startPostgres } from './environment/postgres-server';
import type { PostgresMajor } from './environment/postgres-binaries';
import { fillShopDatabase, shopServerSettings } from '../test/factories/shop-database';
import { setTimeout as sleep } from 'node:timers/promises';
const major = Number(process.argv[2] ?? 18) as PostgresMajor;
const server = await startPostgres({ major, settings: { ...shopServerSettings } });
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
const t0 = Date.now();
let last = t0;
try {
  await fillShopDatabase(server.url(), {
    scale: Number(process.argv[3] ?? 1),
    onProgress: (d, o, w) => {
      console.log(d, o, w, Date.now() - last);
      last = Date.now();
    },
  });
  console.log('total', Date.now() - t0);
  console.log(server.url());
  if (process.argv[4] === 'keep') await sleep(3600_000);
} finally {
  await server.stop();
}
