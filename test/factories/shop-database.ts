// The shop: one deterministic database at any scale, for tests (0.1), the demo (1) and benchmarks (10). The same scale
// gives the same rows on every PostgreSQL major, and the defects listed in `shopDefects` are there on purpose.
import { Client, DatabaseError } from 'pg';
import accounts from './shop-database/accounts.sql';
import auditLog from './shop-database/audit-log.sql';
import customers from './shop-database/customers.sql';
import events from './shop-database/events.sql';
import indexesCatalogue from './shop-database/indexes-catalogue.sql';
import indexesEvents from './shop-database/indexes-events.sql';
import indexesOrders from './shop-database/indexes-orders.sql';
import keys from './shop-database/keys.sql';
import orderItems from './shop-database/order-items.sql';
import orders from './shop-database/orders.sql';
import products from './shop-database/products.sql';
import programs from './shop-database/programs.sql';
import retention from './shop-database/retention.sql';
import reviews from './shop-database/reviews.sql';
import roles from './shop-database/roles.sql';
import schema from './shop-database/schema.sql';
import session from './shop-database/session.sql';
import supplierPrices from './shop-database/supplier-prices.sql';

export type ShopProgress = (done: number, of: number, what: string) => void;

export interface ShopDatabaseOptions {
  /** 1 is half a million orders; 0.1 serves tests, 10 benchmarks. */
  scale: number;
  /** Passwords of shop_app and shop_readonly; without one the role is made but can't log in. */
  passwords?: { app: string; readonly: string };
  /** Called after each step. */
  onProgress?: ShopProgress;
}

/** Settings of a server that is to hold the shop: statistics of statements, and no WAL for what can be made again. */
export const shopServerSettings: Readonly<Record<string, string>> = {
  shared_preload_libraries: 'pg_stat_statements',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
};

/** The shop's "now": all dates lie before it, whatever the clock says. */
export const shopNow = '2026-07-01T00:00:00Z';

const rowsAtScaleOne = {
  customers: 100_000,
  products: 20_000,
  orders: 500_000,
  order_items: 1_500_000,
  reviews: 80_000,
  events: 1_000_000,
  audit_log: 200_000,
  accounts: 40_000,
  sessions: 150_000,
  supplier_prices: 200_000,
};

/** Rows that are written to each table at a scale (the retention job then deletes a part of audit_log). */
export function shopRowCounts(scale: number): Record<keyof typeof rowsAtScaleOne, number> {
  const scaled = (rows: number) => Math.max(Math.round(rows * scale), 1);
  return {
    customers: scaled(rowsAtScaleOne.customers),
    products: scaled(rowsAtScaleOne.products),
    orders: scaled(rowsAtScaleOne.orders),
    order_items: scaled(rowsAtScaleOne.order_items),
    reviews: scaled(rowsAtScaleOne.reviews),
    events: scaled(rowsAtScaleOne.events),
    audit_log: scaled(rowsAtScaleOne.audit_log),
    accounts: scaled(rowsAtScaleOne.accounts),
    sessions: scaled(rowsAtScaleOne.sessions),
    supplier_prices: scaled(rowsAtScaleOne.supplier_prices),
  };
}

/** What is wrong with the shop on purpose: tests look for it, the demo shows it. */
export const shopDefects = {
  duplicateIndexes: ['idx_orders_customer_id', 'orders_customer_id_idx'],
  /** The first is a prefix of the second. */
  redundantIndexes: ['order_items_product_id_idx', 'order_items_product_id_order_id_idx'],
  unusedIndex: 'orders_currency_idx',
  /** Foreign keys whose referencing columns no index starts with. */
  foreignKeysWithoutIndex: [
    'customers_referred_by_fkey',
    'events_customer_id_fkey',
    'order_items_order_id_fkey',
    'reviews_product_id_fkey',
    'userSessions_userId_fkey',
  ],
  /** NOT VALID: 1 in 200 reviews refers to a product that does not exist. */
  orphans: { table: 'reviews', constraint: 'reviews_product_id_fkey', inverseRatio: 200 },
  /** Autovacuum is off for it and stays off, so that what the retention job deleted is still there. */
  deadRows: { table: 'audit_log', ratio: 59 / 181 },
  /** int4: its last value as a share of 2147483647. */
  exhaustedSequence: { name: 'audit_log_id_seq', usedRatio: 0.95 },
  /** What CREATE UNIQUE INDEX CONCURRENTLY left when it met two products of one name. */
  invalidIndex: 'products_name_key',
  tableWithoutPrimaryKey: 'supplier_prices',
  /** Share of the rows that came after the last ANALYZE; autovacuum is off for it. */
  staleStatistics: { table: 'supplier_prices', changedRatio: 0.6 },
} as const;

interface Step {
  what: string;
  statements: string[];
}

const step = (what: string, ...statements: string[]): Step => ({ what, statements });
const vacuum = (...tables: string[]) =>
  step('vacuum and analyze', ...tables.map((table) => `VACUUM (ANALYZE) ${table}`));

/**
 * Phases run one after the other, the lanes of a phase at the same time. A table belongs to one lane, so its rows are
 * always written in one order. Each lane has its own connection, closed at its end: a backend may report the rows it has
 * written a second late, and if that came after ANALYZE they would be counted twice.
 */
const phases: Step[][][] = [
  [[step('schema', schema)]],
  [
    [step('orders', orders), step('order_items', orderItems), step('indexes of orders', indexesOrders)],
    [
      step('customers', customers),
      step('products', products),
      step('reviews', reviews),
      step('accounts', accounts),
      step('audit_log', auditLog),
      step('supplier_prices of May', supplierPrices),
      step('indexes of the catalogue', indexesCatalogue),
      step('events', events),
      step('indexes of events', indexesEvents),
    ],
  ],
  [
    [
      step('foreign keys', keys),
      step('views, functions, trigger', programs),
      step('retention of audit_log', retention),
      step('roles', roles),
    ],
  ],
  [
    [vacuum('orders', 'order_items', 'reporting.daily_sales')],
    [
      vacuum('customers', 'products', 'reviews', '"UserAccount"', '"userSessions"', 'events'),
      step('analyze audit_log and supplier_prices', 'ANALYZE audit_log', 'ANALYZE supplier_prices'),
    ],
  ],
  [[step('supplier_prices of June', supplierPrices)]],
];

/** Fills an empty database as a superuser. Fails when the shop is already there. */
export async function fillShopDatabase(url: string, options: ShopDatabaseOptions): Promise<void> {
  const stepCount = phases.flat(2).length;
  let done = 0;

  for (const lanes of phases) {
    const results = await Promise.allSettled(
      lanes.map((steps) =>
        withClient(url, async (client) => {
          await prepareSession(client, options.scale);
          for (const { what, statements } of steps) {
            for (const statement of statements) await client.query(statement);
            options.onProgress?.(++done, stepCount, what);
          }
        }),
      ),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
  await withClient(url, async (client) => {
    await leaveInvalidIndex(client);
    await createStatementStatistics(client);
    if (options.passwords !== undefined) await setPasswords(client, options.passwords);
  });
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'shop database' });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function prepareSession(client: Client, scale: number): Promise<void> {
  // the rows must not depend on how the server or the role is set up
  await client.query(`
    SET search_path = public;
    SET timezone = 'UTC';
    SET datestyle = 'ISO, YMD';
    SET synchronous_commit = off;
    SET maintenance_work_mem = '256MB';
    SET client_min_messages = warning;
  `);
  for (const [table, rows] of Object.entries(shopRowCounts(scale))) {
    await client.query('SELECT set_config($1, $2, false)', [`shop.${table}`, String(rows)]);
  }
  await client.query(session);
}

/** An index that is not valid comes about in no other way than by a build that fails. */
async function leaveInvalidIndex(client: Client): Promise<void> {
  const failure: unknown = await client
    .query(`CREATE UNIQUE INDEX CONCURRENTLY ${shopDefects.invalidIndex} ON public.products (name)`)
    .then(
      () => null,
      (error: unknown) => error,
    );
  const uniqueViolation = '23505';
  if (failure instanceof DatabaseError && failure.code === uniqueViolation) return;
  if (failure instanceof Error) throw failure;
  throw new Error('All products have different names: the scale is too small for the shop.');
}

/** pg_stat_statements can be created anywhere but works only when the server has loaded it at its start. */
async function createStatementStatistics(client: Client): Promise<void> {
  const { rows } = await client.query<{ libraries: string }>(
    `SELECT current_setting('shared_preload_libraries') AS libraries`,
  );
  if (rows[0]?.libraries.split(/\s*,\s*/).includes('pg_stat_statements') === true) {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  }
}

async function setPasswords(client: Client, passwords: { app: string; readonly: string }): Promise<void> {
  for (const [role, password] of [
    ['shop_app', passwords.app],
    ['shop_readonly', passwords.readonly],
  ] as const) {
    await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  }
}
