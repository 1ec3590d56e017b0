// A bundle of its own that lies beside the main one and is loaded only where WASM is not to be had: this says what of it
// is used. The build makes it of node-sql-parser's PostgreSQL flavour.
interface ParsedNames {
  /** "select::schema::table"; "null" for no schema. */
  tableList: string[];
}
interface NodeSqlParserModule {
  Parser: new () => { parse(sql: string, options: { database: 'postgresql' }): ParsedNames };
}
declare const module: NodeSqlParserModule;
export default module;
