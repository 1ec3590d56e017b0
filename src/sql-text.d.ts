/** `.sql` files are bundled as text by esbuild. */
declare module '*.sql' {
  const text: string;
  export default text;
}
