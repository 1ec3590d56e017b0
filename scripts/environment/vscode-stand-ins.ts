// JavaScript in place of two native modules of VS Code's server that are not compiled when it is provisioned.

/** The logger. Without it nothing reaches the files that the Output panel shows. */
export const spdlogStandIn = `'use strict';
const fs = require('fs');
const path = require('path');
const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];
let initialLevel = levels.indexOf('info');

class Logger {
  constructor(file) {
    this.file = file;
    this.level = initialLevel;
    this.withoutPrefix = false;
    levels.forEach((name, level) => {
      this[name === 'warning' ? 'warn' : name] = (message) => this.write(level, message);
    });
  }
  write(level, message) {
    if (level < this.level || this.file === undefined) return;
    const time = new Date().toISOString().replace('T', ' ').replace('Z', '');
    try {
      fs.appendFileSync(this.file, this.withoutPrefix ? message : time + ' [' + levels[level] + '] ' + message + '\\n');
    } catch {
      // the folder of a closed window has been removed
    }
  }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.withoutPrefix = true; }
  flush() {}
  drop() { this.file = undefined; }
}

async function create(name, file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return new Logger(file);
}

exports.version = 0;
exports.setLevel = (level) => { initialLevel = level; };
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
`;

/** Ends a child of the server when the server has gone. */
export const watchdogStandIn = `'use strict';
exports.start = (pid) => {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87);
    }
  }, 1000).unref();
};
`;
