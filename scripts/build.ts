import { buildProduct } from './environment/bundles';

await buildProduct();
