// Loads files one after the other in this fresh process and prints what each took: milliseconds that passed, and
// milliseconds that this thread computed, which a busy machine does not stretch as much.
// Plain CommonJS, since a loader for types would be part of the measurement: node cold-require.cjs '["a","b"]' '["preloaded"]'
'use strict';
const [files, preloaded] = process.argv.slice(2).map((text) => JSON.parse(text));
for (const file of preloaded) require(file);
const times = files.map((file) => {
  const startedAt = performance.now();
  const before = process.threadCpuUsage();
  require(file);
  const { user, system } = process.threadCpuUsage(before);
  return { passed: performance.now() - startedAt, computed: (user + system) / 1000 };
});
process.stdout.write(JSON.stringify(times));
