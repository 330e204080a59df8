/**
 * What runs in the thread that holds the database, as source text: a bundle has no second file that a `Worker` could be
 * started from, and the same text runs under tsx and vitest. CommonJS, as `eval` workers are. It does what it is told,
 * one call after the other, and decides nothing; each answer is counted in `signal[0]`, for a caller that waits without
 * its event loop.
 */
export const SQLITE_THREAD_SOURCE = `
'use strict';
const { workerData } = require('node:worker_threads');
const { port } = workerData;
const signal = new Int32Array(workerData.signal);
let db, rows, put, del;

/** rows: table, key and JSON in turns; null deletes. */
function write(rows) {
  put ??= db.prepare('INSERT OR REPLACE INTO records (tbl, key, json) VALUES (?, ?, ?)');
  del ??= db.prepare('DELETE FROM records WHERE tbl = ? AND key = ?');
  for (let i = 0; i < rows.length; i += 3) {
    if (rows[i + 2] === null) del.run(rows[i], rows[i + 1]);
    else put.run(rows[i], rows[i + 1], rows[i + 2]);
  }
}

const calls = {
  open(path, options) {
    const Database = require(workerData.driver);
    db = new Database(path, options);
  },
  pragma: (text) => db.pragma(text, { simple: true }),
  exec: (sql) => void db.exec(sql),
  /** The next of all rows, as many as there are, up to count; none at the end. */
  read(count) {
    rows ??= db.prepare('SELECT tbl, key, json FROM records').raw().iterate();
    const found = [];
    while (found.length < count) {
      const { done, value } = rows.next();
      if (done) break;
      found.push(value);
    }
    return found;
  },
  endRead() {
    rows?.return();
    rows = undefined;
  },
  write: (rows) => db.transaction(write)(rows),
  close: () => void db?.close(),
};

port.on('message', ([name, ...args]) => {
  let answer;
  try {
    answer = { result: calls[name](...args) };
  } catch (thrown) {
    answer = { error: { message: String(thrown && thrown.message), code: String((thrown && thrown.code) || '') } };
  }
  port.postMessage(answer);
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
  if (name === 'close') port.close();
});
`;
