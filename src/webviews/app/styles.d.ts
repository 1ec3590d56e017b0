// Style sheets are bundled beside the script; the page links them.
declare module '*.css';
