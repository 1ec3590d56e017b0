// What the shop's application and people do on a busy morning: the statements of the demo workspace with changing
// parameters, slow ones a few times and lookups by key often, so that total time, mean time and calls tell different
// stories in pg_stat_statements. Parameters are the same in every run.
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { readDemoStatements } from './demo-statements';
import type { ShopProgress } from './shop-database';

export interface ShopWorkloadOptions {
  /** Called after each statement of the workspace. */
  onProgress?: ShopProgress;
  /** Default: the demo workspace of the repository that is the working directory. */
  workspaceFolder?: string;
}

/** Ids go from 1 to these; what can't be computed from a number is read from the first customers. */
interface Known {
  customer: number;
  product: number;
  order: number;
  emails: string[];
}

interface Load {
  calls: number;
  /** Parameters of a call, counted from 0. */
  values: (call: number, known: Known) => readonly (string | number)[];
}

/** Items of a list in turn. */
const turn = <Item>(items: readonly [Item, ...Item[]], call: number): Item => items[call % items.length] ?? items[0];
/** Spreads calls over 1 .. highest without a pattern that a cache would like. */
const spread = (call: number, highest: number) => 1 + ((call * 7919 + 104_729) % highest);
const month = (call: number) => String(1 + (call % 6)).padStart(2, '0');
/** As the factory makes the keys of "UserAccount". */
const accountId = (number: number) => `usr_${createHash('md5').update(`account ${number}`).digest('hex')}`;
const none = () => [];

/** What each read-only statement of the workspace is called with, and how often. */
const loads: Readonly<Record<string, Load>> = {
  'sql/accounts.sql#accounts_signed_in': { calls: 3, values: (call) => [`2026-06-${20 + call}`] },
  'sql/accounts.sql#active_sessions': { calls: 6, values: (call) => [accountId(call + 1), '2026-06-30'] },
  'sql/customers.sql#customer_by_email': {
    calls: 8,
    values: (call, { emails }) => [emails[call]?.toUpperCase() ?? ''],
  },
  'sql/customers.sql#customer_summary': { calls: 2, values: (call) => [turn(['DE', 'FR', 'US'], call)] },
  'sql/customers.sql#customers_in_segment': {
    calls: 4,
    values: (call) => [`segment-${call}`, turn(['DE', 'FR', 'PT'], call)],
  },
  'sql/customers.sql#product_reviews': { calls: 12, values: (call, { product }) => [spread(call, product)] },
  'sql/customers.sql#search_customers': { calls: 4, values: (call) => [turn(['weber', 'tanaka', 'corp-29'], call)] },
  'sql/events.sql#campaign_events': {
    calls: 4,
    values: (call) => [`{"campaign": "${turn(['winter', 'autumn'], call)}"}`, `2026-${month(call)}-01`],
  },
  'sql/events.sql#customer_timeline': { calls: 4, values: (call, { customer }) => [spread(call, customer)] },
  'sql/events.sql#events_of_day': { calls: 3, values: (call) => [`2026-${month(call)}-15`] },
  'sql/events.sql#events_of_day_by_range': {
    calls: 4,
    values: (call) => [`2026-${month(call)}-15`, `2026-${month(call)}-15`],
  },
  'sql/orders.sql#latest_orders': { calls: 4, values: none },
  'sql/orders.sql#open_orders': {
    calls: 5,
    values: (call) => [turn(['pending', 'paid'], call), `2026-${month(call)}-01`, '2026-07-01'],
  },
  'sql/orders.sql#order_lines': { calls: 4, values: (call, { order }) => [spread(call, order)] },
  'sql/orders.sql#order_page': { calls: 3, values: (call, { order }) => [50, Math.floor((order * (call + 1)) / 5)] },
  'sql/orders.sql#orders_to_city': { calls: 4, values: (call) => [`City ${call}`, '2026-01-01'] },
  'sql/reports.sql#best_product_of_each_category': { calls: 2, values: none },
  'sql/reports.sql#customers_without_orders': { calls: 2, values: none },
  'sql/reports.sql#daily_sales': { calls: 10, values: none },
  'sql/reports.sql#largest_order_of_each_city': { calls: 2, values: none },
  'sql/reports.sql#revenue_by_category': { calls: 2, values: none },
  'sql/reports.sql#top_countries': { calls: 2, values: none },
  'sql/reports.sql#visitors_by_month': { calls: 2, values: none },
  'src/api/orders.ts#linesOfOrder': { calls: 30, values: (call, { order }) => [spread(call, order)] },
  'src/api/orders.ts#orderById': { calls: 400, values: (call, { order }) => [spread(call, order)] },
  'src/api/orders.ts#ordersWithLines': { calls: 100, values: (call, { customer }) => [spread(call, customer)] },
  'src/api/orders.ts#unpaidOrders': { calls: 3, values: (call) => [`2026-06-${10 + call}`, 50] },
  'src/api/products.ts#boughtTogether': { calls: 2, values: (call, { product }) => [spread(call, product)] },
  'src/api/products.ts#productBySku': {
    calls: 300,
    values: (call, { product }) => [`SKU-${String(spread(call, product)).padStart(7, '0')}`],
  },
  'src/api/products.ts#searchProducts': { calls: 2, values: (call) => [turn(['oak lamp', 'steel', 'linen'], call)] },
  'src/reports/sales.py#discounted_share': { calls: 2, values: (call) => [`2026-${month(call)}`] },
  'src/reports/sales.py#products_by_colour': { calls: 4, values: (call) => [turn(['copper', 'green', 'red'], call)] },
  'src/reports/sales.py#returned_products': { calls: 2, values: (call) => [`2026-0${4 + call}-01`] },
  'src/reports/sales.py#revenue_per_country': { calls: 2, values: (call) => [`2026-0${4 + call}-01`, '2026-07-01'] },
  'src/worker/worker.go#ChangesOf': { calls: 6, values: (call) => [`support-${call}`] },
  'src/worker/worker.go#CustomerEmail': { calls: 300, values: (call, { customer }) => [spread(call, customer)] },
  'src/worker/worker.go#ErrorsSince': { calls: 3, values: (call) => [`2026-0${4 + call}-01`] },
  'src/worker/worker.go#NextParcels': { calls: 2, values: (call) => [10 + call] },
};

/** Statements of the workspace that write: shown in the demo, never run by the workload. */
export const writingDemoStatements: readonly string[] = [
  'sql/accounts.sql#delete_expired_sessions',
  'sql/orders.sql#cancel_stale_orders',
];

/** With this index the planner expects less than half of the work. */
export const helpfulIndexes: Readonly<Record<string, string>> = {
  'sql/customers.sql#customer_by_email': 'customers (lower(email))',
  'sql/customers.sql#product_reviews': 'reviews (product_id)',
  'sql/events.sql#customer_timeline': 'events (customer_id, occurred_at)',
  'sql/orders.sql#latest_orders': 'orders (placed_at)',
  'sql/orders.sql#open_orders': 'orders (status, placed_at)',
  'sql/orders.sql#order_lines': 'order_items (order_id)',
  'src/api/orders.ts#unpaidOrders': 'orders (status, placed_at)',
};

/** They have their index already, or need most of the rows: no index on a column saves a tenth of the work. */
export const statementsWithoutHelpfulIndex: readonly string[] = [
  'sql/reports.sql#best_product_of_each_category',
  'sql/reports.sql#largest_order_of_each_city',
  'sql/reports.sql#top_countries',
  'src/api/orders.ts#orderById',
  'src/api/products.ts#productBySku',
  'src/worker/worker.go#CustomerEmail',
];

/** What a statement's first call in the workload is given. */
export async function captureFirstValues(client: Client, id: string): Promise<readonly (string | number)[]> {
  return loadOf(id).values(0, await captureKnown(client));
}

function loadOf(id: string): Load {
  const load = loads[id];
  if (load === undefined) throw new Error(`The shop's workload has no parameters for ${id}.`);
  return load;
}

/** Resets pg_stat_statements, if it is there, and runs the workload once. Changes no rows. */
export async function runShopWorkload(url: string, options: ShopWorkloadOptions = {}): Promise<void> {
  const statements = (await readDemoStatements(options.workspaceFolder)).filter(
    ({ id }) => !writingDemoStatements.includes(id),
  );
  const client = new Client({ connectionString: url, application_name: 'shop workload' });
  await client.connect();
  try {
    await client.query(`SET timezone = 'UTC'; SET default_transaction_read_only = on`);
    const known = await captureKnown(client);
    const { rowCount } = await client.query(`SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'`);
    if (rowCount === 1) await client.query('SELECT pg_stat_statements_reset()');
    for (const [index, { id, numbered }] of statements.entries()) {
      const load = loadOf(id);
      for (let call = 0; call < load.calls; call++) await client.query(numbered, [...load.values(call, known)]);
      options.onProgress?.(index + 1, statements.length, id);
    }
  } finally {
    await client.end();
  }
}

async function captureKnown(client: Client): Promise<Known> {
  const { rows } = await client.query<Known>(`
    SELECT
      (SELECT max(id) FROM customers) AS customer,
      (SELECT max(id) FROM products) AS product,
      (SELECT max(id)::integer FROM orders) AS order,
      ARRAY(SELECT email FROM customers ORDER BY id LIMIT 8) AS emails
  `);
  const [known] = rows;
  if (known === undefined) throw new Error('The server gave no row for a query without FROM.');
  return known;
}
